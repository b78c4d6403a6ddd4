import { describe, expect, it } from 'vitest';
import { type StepFetchOptions, stepFetch } from '../../src/client/step-fetch.ts';
import { LeaseLostError } from '../../src/core/errors.ts';
import { delays, failure, hurried } from './client-kit.ts';
import { answer, drop, hang, misbehave, own, problem, stripeError, truncate } from './misbehaving-server.ts';

const key = '6e1c2f3a-0000-8000-9000-0123456789ab';
const tools = (signal = new AbortController().signal) => ({ idempotencyKey: key, signal });
const post = { method: 'POST', body: 'amount=2000' };

describe('stepFetch', () => {
  it.each([
    ['a dropped connection', drop],
    ['half an answer', truncate],
    ['409 in progress', problem(409, 'in-progress')],
    ["Stripe's 409 in use", stripeError(409, { type: 'idempotency_error', code: 'idempotency_key_in_use' })],
    ['a 500', answer(500)],
    ['a 503 with Retry-After', answer(503, { 'retry-after': '2' })],
  ])('retries after %s, with the same key and bytes', async (_, trouble) => {
    await using provider = await misbehave(trouble, trouble, own(201, {}, 'charged'));
    const { runtime, onEvent } = hurried();
    const response = await stepFetch(tools(), provider.url, post, { runtime, onEvent });
    expect([response.status, await response.text()]).toEqual([201, 'charged']);
    const seen = provider.seen.map((request) => [request.method, request.key, request.body.toString()]);
    expect(seen).toEqual(Array(3).fill(['POST', `"${key}"`, 'amount=2000']));
  });

  it('waits for Retry-After', async () => {
    await using provider = await misbehave(answer(503, { 'retry-after': '7' }), answer(200));
    const { runtime, events, onEvent } = hurried();
    await stepFetch(tools(), provider.url, post, { runtime, onEvent });
    expect(delays(events)[0]).toBeGreaterThanOrEqual(7_000);
  });

  it('sends the key unquoted if told so, and keeps the given headers', async () => {
    await using provider = await misbehave(answer(200));
    await stepFetch(tools(), provider.url, { ...post, headers: { 'content-type': 'text/x' } }, { keyStyle: 'bare' });
    expect(provider.seen).toMatchObject([{ key, contentType: 'text/x' }]);
  });

  it.each([402, 409, 404])('returns any final answer at once: %i', async (status) => {
    await using provider = await misbehave(answer(status, { 'x-why': 'because' }));
    const response = await stepFetch(tools(), provider.url, post);
    expect([response.status, response.headers.get('x-why'), provider.seen.length]).toEqual([status, 'because', 1]);
  });

  it.each([401, 408])('throws for an answer that is not final: %i', async (status) => {
    await using provider = await misbehave(answer(status, {}, 'who are you'));
    const error = await failure(stepFetch(tools(), provider.url, post));
    expect(error).toMatchObject({ name: 'NoAnswerError', code: 'retries-exhausted', attempts: 1 });
    expect(await error.response?.text()).toBe('who are you');
    expect(error.message).not.toContain(key);
  });

  it.each([
    ['retries-exhausted', answer(500), 2],
    ['outcome-unknown', problem(409, 'outcome-unknown'), 1],
    ['key-reused', problem(422, 'key-reused'), 1],
  ])('throws %s when there can be no answer', async (code, behaviour, attempts) => {
    await using provider = await misbehave(behaviour);
    const { runtime, onEvent } = hurried();
    const error = await failure(stepFetch(tools(), provider.url, post, { runtime, onEvent, maxAttempts: 2 }));
    expect(error).toMatchObject({ code, attempts, operation: `POST ${new URL(provider.url).host}` });
  });

  it("ends with the lease and with the caller's signal, during a call and during a wait", async () => {
    await using provider = await misbehave(hang);
    for (const whose of ['lease', 'caller']) {
      const aborter = new AbortController();
      const lost = new LeaseLostError('Taken over.');
      const call =
        whose === 'lease'
          ? stepFetch(tools(aborter.signal), provider.url, post)
          : stepFetch(tools(), provider.url, { ...post, signal: aborter.signal });
      await provider.arrived(provider.seen.length + 1);
      aborter.abort(lost);
      await expect(call).rejects.toBe(lost);
    }
    await using failing = await misbehave(answer(500));
    const aborter = new AbortController();
    const lost = new LeaseLostError('Taken over.');
    const onEvent = () => aborter.abort(lost);
    await expect(stepFetch(tools(aborter.signal), failing.url, post, { onEvent })).rejects.toBe(lost);
    expect(failing.seen).toHaveLength(1);
    await expect(stepFetch(tools(aborter.signal), failing.url, post)).rejects.toBe(lost);
    expect(failing.seen).toHaveLength(1);
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])(
    'of status %i is the answer only if the provider marks it, and is never followed',
    async (status) => {
      await using elsewhere = await misbehave(answer(200));
      const headers = { location: elsewhere.url };
      await using provider = await misbehave(answer(status, headers), own(status, headers));
      expect(await failure(stepFetch(tools(), provider.url, post))).toMatchObject({ code: 'retries-exhausted' });
      const response = await stepFetch(tools(), new Request(provider.url, post), post);
      expect([response.status, response.headers.get('location')]).toEqual([status, elsewhere.url]);
      expect([provider.seen.length, elsewhere.seen.length]).toEqual([2, 0]);
    },
  );

  it("can be turned into a failure, and can't be followed", async () => {
    await using provider = await misbehave(answer(307, { location: '/elsewhere' }));
    const { runtime, onEvent } = hurried();
    const call = stepFetch(tools(), provider.url, { ...post, redirect: 'error' }, { runtime, onEvent, maxAttempts: 2 });
    expect(await failure(call)).toMatchObject({ code: 'retries-exhausted', attempts: 2 });
    const following = stepFetch(tools(), provider.url, { ...post, redirect: 'follow' });
    expect(await failure(following)).toMatchObject({ code: 'option-invalid' });
  });
});

describe("a request that stepFetch can't send", () => {
  const url = 'http://127.0.0.1:1/';

  it.each([
    ['a GET', {}, 'option-invalid'],
    ['a key of its own', { ...post, headers: { 'Idempotency-Key': 'mine' } }, 'option-invalid'],
    ['a stream', { method: 'POST', body: new ReadableStream(), duplex: 'half' }, 'body-not-replayable'],
  ])('is refused by name: %s', async (_, init: object, code) => {
    expect(await failure(stepFetch(tools(), url, init))).toMatchObject({ code });
  });

  it.each([
    ['storage', 'memory', 'option-unknown'],
    ['keyTtlMs', 5, 'option-unknown'],
    ['maxAttempts', 0, 'option-invalid'],
    ['keyStyle', 'naked', 'option-invalid'],
  ])('refuses an unknown option: %s', async (name, value, code) => {
    const options: StepFetchOptions = { [name]: value };
    expect(await failure(stepFetch(tools(), url, post, options))).toMatchObject({ code });
  });
});
