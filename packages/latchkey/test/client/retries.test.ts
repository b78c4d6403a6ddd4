import { describe, expect, it } from 'vitest';
import { type ClientOptions, idempotentFetch } from '../../src/client/index.ts';
import { delays, failure, hurried } from './client-kit.ts';
import {
  answer,
  type Behaviour,
  deadUrl,
  drop,
  misbehave,
  own,
  problem,
  stripeError,
  truncate,
} from './misbehaving-server.ts';

const done = own(200, {}, 'charged');

async function pay(behaviours: [Behaviour, ...Behaviour[]], options: ClientOptions = {}) {
  await using server = await misbehave(...behaviours);
  const { runtime, events, onEvent } = hurried();
  const client = idempotentFetch({ storage: 'memory', runtime, onEvent, ...options });
  const init = { method: 'POST', body: 'amount=2000', operation: 'cart-1' };
  const settled = await client(server.url, init).then(
    (value) => ({ value, error: undefined }),
    (error) => ({ value: undefined, error }),
  );
  return { ...settled, seen: server.seen, delays: delays(events), pending: await client.isPending('cart-1') };
}

describe('the client retries', () => {
  it('R66: after a dropped response its retry has the same key and the same bytes', async () => {
    const { value, seen } = await pay([drop, drop, done]);
    expect(value).toMatchObject({ attempts: 3, replayed: false, final: true });
    expect(await value?.response.text()).toBe('charged');
    expect(new Set(seen.map(({ key, body }) => `${key} ${body}`)).size).toBe(1);
    expect(seen[0]?.key).toMatch(/^"[0-9a-f-]{36}"$/);
  });

  it('R66: the response is cut in the middle of its body', async () => {
    const { value, seen } = await pay([truncate, answer(200, { 'Idempotent-Replayed': 'true' }, 'charged')]);
    expect(value).toMatchObject({ attempts: 2, replayed: true });
    expect(await value?.response.text()).toBe('charged');
    expect(seen[0]?.key).toBe(seen[1]?.key);
  });

  it.each([425, 429, 500, 502, 503])('%i', async (status) => {
    const { value, seen, pending } = await pay([answer(status), done]);
    expect(value).toMatchObject({ attempts: 2, final: true });
    expect(value?.response.status).toBe(200);
    expect(seen[0]?.key).toBe(seen[1]?.key);
    expect(pending).toBe(false);
  });

  it.each<[string, Behaviour]>([
    ['in the shape of RFC 9457', problem(409, 'in-progress')],
    ["in Stripe's shape", stripeError(409, { type: 'idempotency_error', code: 'idempotency_key_in_use' })],
    ['in the Stripe shape of this library', stripeError(409, { code: 'x', latchkey_code: 'in-progress' })],
    ['by the status header, in a house style', answer(409, { 'Idempotency-Status': 'in-progress;final=?0' }, 'wait')],
  ])('R67: 409 in progress, %s', async (_shape, behaviour) => {
    const { value, seen } = await pay([behaviour, done]);
    expect(value).toMatchObject({ attempts: 2 });
    expect(seen[0]?.key).toBe(seen[1]?.key);
  });

  it('a 503 of the guard', async () => {
    const { value } = await pay([problem(503, 'store-unavailable', { 'Retry-After': '1' }), done]);
    expect(value?.attempts).toBe(2);
  });

  it('a refused connection, until the attempts are used up, and keeps the key', async () => {
    const { runtime, onEvent } = hurried();
    const client = idempotentFetch({ storage: 'memory', runtime, onEvent, maxAttempts: 3 });
    const error = await failure(client(await deadUrl(), { method: 'POST', operation: 'o' }));
    expect(error).toMatchObject({ name: 'NoAnswerError', code: 'retries-exhausted', attempts: 3, operation: 'o' });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(await client.isPending('o')).toBe(true);
  });

  it('gives up with the last response and its Retry-After, and continues with the same key when called again', async () => {
    await using server = await misbehave(answer(503, { 'Retry-After': '7' }, 'busy'), done);
    const client = idempotentFetch({ storage: 'memory', maxAttempts: 1 });
    const call = () => client(server.url, { method: 'POST', operation: 'o' });
    const error = await failure(call());
    expect(error).toMatchObject({ code: 'retries-exhausted', attempts: 1, retryAfterMs: 7000 });
    expect(await error.response?.text()).toBe('busy');
    expect(await call()).toMatchObject({ attempts: 1, final: true });
    expect(server.seen[0]?.key).toBe(server.seen[1]?.key);
  });
});

describe('the client never retries', () => {
  it.each<[string, Behaviour]>([
    ['in the shape of RFC 9457', problem(422, 'key-reused', { 'Stripe-Should-Retry': 'true' })],
    ["in Stripe's shape", stripeError(400, { type: 'idempotency_error' })],
    ['by the status header', answer(418, { 'Idempotency-Status': 'key-reused' })],
  ])('R67: a mismatch, %s; its key is dropped', async (_shape, behaviour) => {
    const { error, seen, pending } = await pay([behaviour, done]);
    expect(error).toMatchObject({ code: 'key-reused', attempts: 1, response: expect.any(Response) });
    expect(seen).toHaveLength(1);
    expect(pending).toBe(false);
  });

  it.each<[string, Behaviour]>([
    ['in the shape of RFC 9457', problem(409, 'outcome-unknown', { 'Stripe-Should-Retry': 'true' })],
    ["in Stripe's shape", stripeError(409, { type: 'idempotency_error', latchkey_code: 'outcome-unknown' })],
    ['with a status of a house style', answer(500, { 'Idempotency-Status': 'outcome-unknown;final=?0' })],
  ])('an unknown outcome, %s; its key is kept', async (_shape, behaviour) => {
    const { error, seen, pending } = await pay([behaviour, done]);
    expect(error).toMatchObject({ code: 'outcome-unknown', attempts: 1 });
    expect(seen).toHaveLength(1);
    expect(pending).toBe(true);
  });

  it.each<[string, Behaviour]>([
    ['in the shape of RFC 9457', problem(409, 'key-quarantined')],
    ["in Stripe's shape", stripeError(409, { type: 'idempotency_error', latchkey_code: 'key-quarantined' })],
    ['with a status of a house style', answer(503, { 'Idempotency-Status': 'key-quarantined;final=?0' })],
  ])('a key from before a restore, %s; it is kept', async (_shape, behaviour) => {
    const { error, seen, pending } = await pay([behaviour, done]);
    expect(error).toMatchObject({ code: 'key-quarantined', attempts: 1 });
    expect(seen).toHaveLength(1);
    expect(pending).toBe(true);
  });

  it.each([
    ...[401, 408, 425, 429, 500, 503].map((status) => [status, { 'Idempotent-Replayed': 'true' }] as const),
    [500, { 'Idempotency-Status': 'replayed' }] as const,
  ])('a replayed %i, which does not tell whether the effect happened: the key is kept', async (status, headers) => {
    const { value, seen, pending } = await pay([answer(status, headers, 'failed'), done]);
    expect(value).toMatchObject({ attempts: 1, replayed: true, final: false });
    expect(await value?.response.text()).toBe('failed');
    expect(seen).toHaveLength(1);
    expect(pending).toBe(true);
  });

  it.each([200, 201, 204, 400, 402, 403, 404, 409, 410, 422])('%i of the application', async (status) => {
    const { value, seen, pending } = await pay([answer(status), done]);
    expect(value).toMatchObject({ attempts: 1, final: true });
    expect(value?.response.status).toBe(status);
    expect(seen).toHaveLength(1);
    expect(pending).toBe(false);
  });

  it.each([401, 408])('%i, but the operation keeps its key for a corrected request', async (status) => {
    const { value, pending } = await pay([answer(status), done]);
    expect(value).toMatchObject({ attempts: 1, final: false });
    expect(pending).toBe(true);
  });

  it('an answer that is marked as not final; the key is kept', async () => {
    const { value, pending } = await pay([answer(403, { 'Idempotency-Status': 'replay-forbidden;final=?0' })]);
    expect(value).toMatchObject({ attempts: 1, final: false });
    expect(pending).toBe(true);
  });

  it('an answer whose type is JSON but whose body is not', async () => {
    const { value } = await pay([answer(402, { 'content-type': 'application/json' }, 'declined'), done]);
    expect(value).toMatchObject({ attempts: 1, final: true });
  });

  it('a 409 of the application whose JSON happens to contain the code', async () => {
    const body = JSON.stringify({ code: 'in-progress' });
    const { value } = await pay([answer(409, { 'content-type': 'application/json' }, body), done]);
    expect(value).toMatchObject({ attempts: 1, final: true });
  });
});

describe("R67: the server's hint, Stripe-Should-Retry", () => {
  it('true: retries an answer that is otherwise not retried', async () => {
    const { value } = await pay([answer(409, { 'Stripe-Should-Retry': 'true' }), done]);
    expect(value?.attempts).toBe(2);
  });

  it('true on a success changes nothing', async () => {
    const { value } = await pay([answer(200, { 'Stripe-Should-Retry': 'true' }), done]);
    expect(value?.attempts).toBe(1);
  });

  it('false: a 500 is not retried, and the key is kept', async () => {
    const { value, pending } = await pay([answer(500, { 'Stripe-Should-Retry': 'false' }), done]);
    expect(value).toMatchObject({ attempts: 1, final: false });
    expect(pending).toBe(true);
  });

  it('false on 429: the answer, but the key is kept', async () => {
    const { value, pending } = await pay([answer(429, { 'Stripe-Should-Retry': 'false' }), done]);
    expect(value).toMatchObject({ attempts: 1, final: false });
    expect(pending).toBe(true);
  });

  it('false on 409 in progress: an error, and the key is kept', async () => {
    const { error, pending } = await pay([problem(409, 'in-progress', { 'Stripe-Should-Retry': 'false' }), done]);
    expect(error).toMatchObject({ code: 'in-progress', attempts: 1 });
    expect(pending).toBe(true);
  });
});
