import { describe, expect, it } from 'vitest';
import { idempotentFetch, LatchkeyError } from '../../src/client/index.ts';
import { failure, mapStorage } from './client-kit.ts';
import { answer, misbehave, own } from './misbehaving-server.ts';

function refused(options: object): LatchkeyError {
  try {
    idempotentFetch(options);
  } catch (error) {
    if (error instanceof LatchkeyError) return error;
  }
  throw new Error('it should have been refused');
}

describe('options', () => {
  it('an unknown option is refused by name', () => {
    const error = refused({ maxRetries: 3 });
    expect(error.code).toBe('option-unknown');
    expect(error.message).toContain('"maxRetries"');
    expect(error.message).toContain(error.docs);
  });

  it.each<[string, unknown]>([
    ['maxAttempts', 0],
    ['maxAttempts', 101],
    ['maxAttempts', '5'],
    ['totalTimeoutMs', 3_600_001],
    ['totalTimeoutMs', Number.NaN],
    ['attemptTimeoutMs', Number.POSITIVE_INFINITY],
    ['attemptTimeoutMs', 2 ** 31],
    ['baseDelayMs', -1],
    ['maxDelayMs', 0.5],
    ['keyTtlMs', 0],
    ['maxResponseBytes', -1],
    ['keyStyle', 'quoted'],
    ['sendFirstSent', 'yes'],
    ['finalStatuses', 201],
    ['finalStatuses', ['201']],
    ['finalStatuses', [600]],
    ['storage', null],
    ['storage', { getItem: () => null }],
    ['storage', 'session'],
    ['fetch', 'fetch'],
    ['onEvent', {}],
    ['runtime', {}],
  ])('%s: %j is refused', (name, value) => {
    const error = refused({ [name]: value });
    expect(error.code).toBe('option-invalid');
    expect(error.message).toContain(name);
  });

  it('undefined selects the default', async () => {
    await using server = await misbehave(answer(200));
    const client = idempotentFetch({ maxAttempts: undefined, storage: undefined } as object);
    expect(await client(server.url, { method: 'POST', operation: 'o' })).toMatchObject({ attempts: 1 });
  });
});

describe('a call', () => {
  const url = 'http://127.0.0.1:9/';
  const storage = mapStorage();
  const client = idempotentFetch({ storage });
  const callWith = (init: object) => failure(client(url, { method: 'POST', operation: 'o', ...init }));

  it.each<[string, object]>([
    ['no operation', { operation: undefined }],
    ['an empty operation', { operation: '' }],
    ['a long operation', { operation: 'x'.repeat(256) }],
    ['a method that changes nothing', { method: 'get' }],
    ['no method', { method: undefined }],
    ['a mode that would drop the key', { mode: 'no-cors' }],
    ["the caller's own key", { headers: { 'Idempotency-Key': 'mine' } }],
  ])('with %s is refused', async (_what, init) => {
    expect(await callWith(init)).toMatchObject({ code: 'option-invalid' });
    expect(storage.length).toBe(0);
  });

  it('is not retried if fetch itself refuses it', async () => {
    expect(await failure(client('/relative', { method: 'POST', operation: 'o' }))).toBeInstanceOf(TypeError);
    expect(await callWith({ headers: { 'bad name': 'x' } })).toBeInstanceOf(TypeError);
  });

  it('passes its other options to fetch, and ignores errors of a listener', async () => {
    await using server = await misbehave(answer(503), own(302, { location: '/elsewhere' }));
    const onEvent = () => {
      throw new Error('broken observer');
    };
    const manual = idempotentFetch({ storage: 'memory', baseDelayMs: 0, onEvent });
    const { response } = await manual(server.url, { method: 'POST', operation: 'o', redirect: 'manual' });
    expect(response.status).toBe(302);
    expect(response.url).toBe(server.url);
  });
});
