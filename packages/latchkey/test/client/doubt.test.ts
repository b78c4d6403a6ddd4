/** After a request without an answer, only an answer recognized as the operation's own is final. */

import { describe, expect, it } from 'vitest';
import { type ClientOptions, idempotentFetch } from '../../src/client/index.ts';
import { stepFetch } from '../../src/client/step-fetch.ts';
import { failure, hurried, mapStorage } from './client-kit.ts';
import { answer, type Behaviour, drop, misbehave, own, problem } from './misbehaving-server.ts';

const post = { method: 'POST', body: 'amount=2000', operation: 'cart-1' };
const html = { 'content-type': 'text/html' };
const strangers: [string, Behaviour][] = [
  ["a firewall's 403", answer(403, html, '<h1>Attention required</h1>')],
  ["a deploy's 404", answer(404)],
  ["a maintenance page's 405", answer(405)],
  ["a proxy's 413", answer(413)],
  ["a proxy's 431", answer(431)],
  ['a 400 of TLS on the wrong port', answer(400, {}, 'The plain HTTP request was sent to HTTPS port')],
  ["a captive portal's 200", answer(200, html, '<h1>Welcome to Wi-Fi</h1>')],
  ['a plain 409', answer(409)],
  ['a redirect to a login page', answer(302, { location: '/login' })],
  ["a 303 to a receipt that isn't ours", answer(303, { location: '/elsewhere' })],
  ["another library's Idempotency-Status", answer(200, { 'Idempotency-Status': 'completed' })],
  ["another client's echo", answer(200, { 'Idempotency-Key': '"another"' })],
];

async function pay(behaviours: [Behaviour, ...Behaviour[]], options: ClientOptions = {}) {
  await using server = await misbehave(...behaviours);
  const { runtime, onEvent } = hurried();
  const client = idempotentFetch({ storage: 'memory', runtime, onEvent, maxAttempts: 3, ...options });
  const settled = await client(server.url, post).then(
    (value) => ({ value, error: undefined }),
    (error) => ({ value: undefined, error }),
  );
  return { ...settled, seen: server.seen, pending: await client.isPending('cart-1') };
}

describe('after a request that got no answer', () => {
  it.each(strangers)("%s is not final: the client retries and gets the operation's answer", async (_who, stranger) => {
    const { value, seen, pending } = await pay([drop, stranger, own(201, {}, 'charged')]);
    expect(value).toMatchObject({ attempts: 3, final: true });
    expect(await value?.response.text()).toBe('charged');
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
    expect(pending).toBe(false);
  });

  it.each(strangers)('repeated %s gives no answer, and the key is kept', async (_who, stranger) => {
    const { error, pending } = await pay([drop, stranger]);
    expect(error).toMatchObject({ code: 'retries-exhausted', attempts: 3, mayHaveHappened: true });
    expect(error.message).toContain('finalStatuses');
    expect(error.response).toBeInstanceOf(Response);
    expect(pending).toBe(true);
  });

  it.each(strangers)('%s at the next click or after a reload is not final either', async (_who, stranger) => {
    await using server = await misbehave(drop, stranger, own(201));
    const storage = mapStorage();
    const click = () => idempotentFetch({ storage, maxAttempts: 1 })(server.url, post);
    expect(await failure(click())).toMatchObject({ code: 'retries-exhausted' });
    expect(await failure(click())).toMatchObject({ code: 'retries-exhausted' });
    expect(await click()).toMatchObject({ final: true });
    expect(new Set(server.seen.map(({ key }) => key)).size).toBe(1);
  });

  it.each<[string, Behaviour]>([
    ['Idempotency-Status: executed', own(402)],
    ['Idempotency-Status: replayed', answer(402, { 'Idempotency-Status': 'replayed' })],
    ['Idempotent-Replayed', answer(402, { 'Idempotent-Replayed': 'true' })],
    ['a problem that is final', problem(410, 'response-not-kept')],
    [
      'the key, echoed',
      (response, request) => answer(402, { 'Idempotency-Key': request.headers['idempotency-key'] })(response, request),
    ],
    [
      'the key, echoed bare',
      (response, request) =>
        answer(402, { 'Idempotency-Key': String(request.headers['idempotency-key']).replaceAll('"', '') })(
          response,
          request,
        ),
    ],
    ['a redirect with the marker', own(303, { location: '/receipt' })],
  ])('an answer with %s is the operation’s own', async (_mark, behaviour) => {
    const { value, pending } = await pay([drop, behaviour]);
    expect(value).toMatchObject({ attempts: 2, final: true });
    expect(pending).toBe(false);
  });

  it('a status that the caller lists in finalStatuses is the answer', async () => {
    const { value } = await pay([drop, answer(201)], { finalStatuses: [201, 402] });
    expect(value).toMatchObject({ attempts: 2, final: true });
    const { error } = await pay([drop, answer(403)], { finalStatuses: [201, 402] });
    expect(error).toMatchObject({ code: 'retries-exhausted' });
  });

  it.each([401, 408])('%i is returned, and the key is kept', async (status) => {
    const { value, pending } = await pay([drop, answer(status)]);
    expect(value).toMatchObject({ attempts: 2, final: false });
    expect(pending).toBe(true);
  });

  it.each([500, 502, 503, 504])('after %i, which may hide a lost answer, a 404 is not final', async (status) => {
    const { error, pending } = await pay([answer(status), answer(404)]);
    expect(error).toMatchObject({ code: 'retries-exhausted', mayHaveHappened: true });
    expect(pending).toBe(true);
  });

  it.each([
    [400, 'key-missing'],
    [400, 'key-invalid'],
    [413, 'request-too-large'],
  ])('%i %s only refuses this request: it is returned, and the key is kept', async (status, code) => {
    const { value, pending } = await pay([drop, problem(status, code)], { finalStatuses: [status] });
    expect(value).toMatchObject({ attempts: 2, final: false });
    expect(pending).toBe(true);
  });

  it('a mismatch keeps the key: its first request may have been carried out', async () => {
    const { error, pending } = await pay([drop, problem(422, 'key-reused')]);
    expect(error).toMatchObject({ code: 'key-reused', attempts: 2 });
    expect(pending).toBe(true);
  });
});

describe('as long as every request was answered', () => {
  it.each([200, 201, 204, 303, 400, 402, 403, 404, 409])('an unmarked %i is final', async (status) => {
    const final = status !== 303;
    const { value, pending } = await pay([answer(status, status === 303 ? { location: '/' } : {})]);
    expect(value).toMatchObject({ attempts: 1, final });
    expect(pending).toBe(!final);
  });

  it.each<[string, Behaviour]>([
    ['429', answer(429)],
    ['425', answer(425)],
    ['503 with Retry-After', answer(503, { 'Retry-After': '1' })],
    ['503 shutting-down', problem(503, 'shutting-down')],
  ])('%s means that nothing was done: an unmarked answer after it is final', async (_what, refusal) => {
    const { value } = await pay([refusal, answer(201)]);
    expect(value).toMatchObject({ attempts: 2, final: true });
  });

  it('a 401 and a reload leave no doubt; a lost request after that does', async () => {
    await using server = await misbehave(answer(401), answer(401), drop, answer(201));
    const storage = mapStorage();
    const click = () => idempotentFetch({ storage, maxAttempts: 1 })(server.url, post);
    expect(await click()).toMatchObject({ final: false });
    expect(await click()).toMatchObject({ final: false });
    expect(await failure(click())).toMatchObject({ mayHaveHappened: true });
    expect(await failure(click())).toMatchObject({ code: 'retries-exhausted' });
    expect(new Set(server.seen.map(({ key }) => key)).size).toBe(1);
  });

  it('a 429 until the attempts are used up leaves no doubt', async () => {
    await using server = await misbehave(answer(429), answer(201));
    const storage = mapStorage();
    const click = () => idempotentFetch({ storage, maxAttempts: 1 })(server.url, post);
    expect(await failure(click())).toMatchObject({ code: 'retries-exhausted', mayHaveHappened: false });
    expect(await click()).toMatchObject({ final: true });
  });
});

describe('stepFetch, after a request that got no answer', () => {
  const tools = { idempotencyKey: 'k', signal: new AbortController().signal };
  const init = { method: 'POST', body: 'amount=2000' };

  it.each(strangers)('accepts no answer from %s', async (_who, stranger) => {
    await using provider = await misbehave(drop, stranger);
    const { runtime, onEvent } = hurried();
    const error = await failure(stepFetch(tools, provider.url, init, { runtime, onEvent, maxAttempts: 3 }));
    expect(error).toMatchObject({ name: 'NoAnswerError', attempts: 3, mayHaveHappened: true });
  });

  it.each(strangers)('of an earlier attempt, accepts no answer from %s', async (_who, stranger) => {
    await using provider = await misbehave(stranger);
    const options = { maxAttempts: 1 };
    const error = await failure(stepFetch({ ...tools, mayHaveBegun: true }, provider.url, init, options));
    expect(error).toMatchObject({ name: 'NoAnswerError', attempts: 1 });
  });

  it('accepts the statuses that the caller lists', async () => {
    await using provider = await misbehave(drop, answer(201));
    const { runtime, onEvent } = hurried();
    const response = await stepFetch(tools, provider.url, init, { runtime, onEvent, finalStatuses: [201] });
    expect(response.status).toBe(201);
  });
});
