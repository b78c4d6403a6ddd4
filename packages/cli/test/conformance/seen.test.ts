/** What a row must see of a target before it passes, and what it must not take for a fault. */

import { describe, expect, it } from 'vitest';
import { graded } from './graded.ts';
import { startReference } from './reference/server.ts';
import { serve } from './serve.ts';
import { argsFor } from './template-args.ts';

const variant = (name: string) => ['--variant', `${name}={"headers":{"X-Answer":"${name}"}}`];

async function resultOf(row: string, origin: string, args: readonly string[]) {
  return (await graded([origin, ...args, '--rows', row])).results[0];
}

/** An endpoint that keeps its answers by key, and answers a variant in its own way. */
function keeping(special: (name: string, isRetry: boolean) => Partial<Kept>) {
  const kept = new Map<string, Kept>();
  let executions = 0;
  return serve((request, response) => {
    if (request.url === '/count') return response.end(String(executions));
    const key = String(request.headers['idempotency-key']);
    const name = String(request.headers['x-answer']);
    const first = kept.get(key);
    if (first === undefined) executions += 1;
    const answer = { status: 200, body: `{"id":${executions}}`, ...first, ...special(name, first !== undefined) };
    kept.set(key, answer);
    return response.writeHead(answer.status, { 'Content-Length': answer.body.length }).end(answer.body);
  });
}

interface Kept {
  readonly status: number;
  readonly body: string;
}

describe('a row is not seen', () => {
  it.each([
    ['R53', 'binary', 'is text'],
    ['R53', 'empty', 'is not empty'],
    ['R54', 'large', 'was kept'],
    ['R56', 'streamed', 'is not chunked'],
  ])('%s, if the answer of the variant "%s" %s', async (row, name, reason) => {
    const origin = await keeping(() => ({}));
    const result = await resultOf(row, origin, [...variant(name), '--count-url', `${origin}/count`]);
    expect(result).toMatchObject({ outcome: 'not-seen', note: expect.stringContaining(reason) });
  });

  it('R18, if another payload is not refused', async () => {
    const origin = await keeping(() => ({}));
    const result = await resultOf('R18', origin, ['--count-url', `${origin}/count`, '--body', '{"amount":1}']);
    expect(result).toMatchObject({ outcome: 'not-seen', note: expect.stringContaining('R17') });
  });

  it('R55, if the connection is closed before the answer can be read', async () => {
    const origin = await serve((request, response) => {
      if (Number(request.headers['content-length'] ?? 0) < 100) response.end();
      else request.socket.resetAndDestroy();
    });
    const result = await resultOf('R55', origin, ['--max-body', '1000000']);
    expect(result).toMatchObject({ outcome: 'not-seen', note: expect.stringContaining('closes the connection') });
  });
});

describe('a row fails', () => {
  it.each([
    ['R36', 'broken', 500],
    ['R38', 'busy', 503],
  ])('%s, if the retry gets an error of the layer', async (row, name, status) => {
    const origin = await keeping((answer, isRetry) =>
      answer === name ? { status: isRetry ? 409 : status, body: isRetry ? '{"code":"outcome-unknown"}' : '' } : {},
    );
    const result = await resultOf(row, origin, [...variant(name), '--after-failure', 'rerun']);
    expect(result).toMatchObject({ outcome: 'failed', note: expect.stringContaining('409, "outcome-unknown"') });
  });

  it('R16, if a key that was refused runs later', async () => {
    const seen = new Set<string>();
    const origin = await serve((request, response) => {
      const key = String(request.headers['idempotency-key']);
      const isRefused = key.includes('%') && !seen.has(key);
      response.writeHead(isRefused ? 400 : 200).end();
      seen.add(key);
    });
    const result = await resultOf('R16', origin, []);
    expect(result).toMatchObject({ outcome: 'failed', note: 'key "…%": first 400, then 200' });
  });
});

it('R29 passes with an HTTP date in Retry-After', async () => {
  const { origin, close } = await startReference({ retryAfter: new Date(Date.now() + 2_000).toUTCString() });
  try {
    const { results } = await graded([...argsFor(origin), '--rows', 'R29']);
    expect(results).toMatchObject([{ outcome: 'passed' }]);
  } finally {
    await close();
  }
});
