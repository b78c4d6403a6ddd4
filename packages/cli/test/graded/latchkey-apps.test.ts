import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { memoryStore } from '../../../latchkey/src/stores/memory/index.ts';
import type { AppSetup, SuiteReply } from '../../../latchkey/src/testing/index.ts';
import { startExpress } from '../../../latchkey/test/adapters/apps/express.ts';
import { startFastify } from '../../../latchkey/test/adapters/apps/fastify.ts';
import { startFetch } from '../../../latchkey/test/adapters/apps/fetch.ts';
import { startHono } from '../../../latchkey/test/adapters/apps/hono.ts';
import { startKoa } from '../../../latchkey/test/adapters/apps/koa.ts';
import { startLambda } from '../../../latchkey/test/adapters/apps/lambda.ts';
import { startNest } from '../../../latchkey/test/adapters/apps/nest.ts';
import { startNode } from '../../../latchkey/test/adapters/apps/node.ts';
import { listen } from '../../../latchkey/test/adapters/apps/server.ts';
import type { Start } from '../../../latchkey/test/adapters/apps/suites.ts';
import { graded } from '../conformance/graded.ts';
import { argsFor } from '../conformance/template-args.ts';

// Hono's server reports each answer that breaks off, which is meant here.
vi.spyOn(console, 'error').mockImplementation(() => undefined);

const frameworks: Readonly<Record<string, Start>> = {
  node: startNode,
  'express 5': startExpress(5, 'after'),
  'express 4': startExpress(4, 'after'),
  fastify: startFastify,
  fetch: startFetch,
  hono: startHono,
  koa: startKoa('after'),
  'nest on express': startNest('express', true),
  'nest on fastify': startNest('fastify', true),
  lambda: startLambda('http-api'),
};

async function* pieces(isCut: boolean): AsyncIterable<Uint8Array> {
  yield Buffer.from('one,');
  await sleep(20);
  if (isCut) throw new Error('the answer breaks off');
  yield Buffer.from('two.');
}

const special: Readonly<Record<string, () => SuiteReply>> = {
  declined: () => ({ status: 402, body: 'declined' }),
  broken: () => ({ status: 500, body: 'broken' }),
  busy: () => ({ status: 429, body: 'busy' }),
  binary: () => ({ headers: [['Content-Type', 'application/octet-stream']], body: Uint8Array.of(0, 128, 255) }),
  empty: () => ({ status: 204 }),
  large: () => ({ body: 'x'.repeat(1_001) }),
  streamed: () => ({ body: pieces(false) }),
  cut: () => ({ body: pieces(true) }),
};

type Options = Omit<AppSetup['options'], 'store'>;

/** Grades an application with the guard on a new memory store. */
async function gradeApp(start: Start, options: Options, args: readonly string[]) {
  let executions = 0;
  const counter = await listen(createServer((_, response) => response.end(JSON.stringify({ count: executions }))));
  const app = await start({
    options: {
      ...options,
      store: memoryStore(),
      log: false,
      fingerprint: { ignore: ['/sentAt'], ...options.fingerprint },
      request: { maxBytes: 2_000 },
      response: { maxBytes: 1_000 },
    },
    async handler({ method, header }) {
      if (method === 'GET') return { body: `${executions} charges` };
      executions += 1;
      const execution = executions;
      await sleep(Number(header('x-delay') ?? 0));
      const isCompressed = header('accept-encoding') === 'gzip';
      const text = JSON.stringify({ id: execution, note: 'a'.repeat(200) });
      const headers = [
        ['Content-Type', 'application/json'],
        ['Location', `/charges/${execution}`],
        ['Set-Cookie', `visit=${execution}`],
        ...(isCompressed ? ([['Content-Encoding', 'gzip']] as const) : []),
      ] as const;
      const reply = { status: 201, headers, body: isCompressed ? gzipSync(text) : text };
      return special[header('x-answer') ?? '']?.() ?? reply;
    },
    outer(header) {
      const origin = header('origin');
      const cors = [
        ['Access-Control-Allow-Origin', origin ?? ''],
        ['Access-Control-Allow-Headers', 'content-type, idempotency-key'],
        ['Access-Control-Expose-Headers', 'Idempotent-Replayed, Retry-After'],
      ] as const;
      const isRefused = header('authorization') === undefined && header('access-control-request-method') === undefined;
      return { ...(isRefused && { refuse: 401 }), ...(origin !== undefined && { headers: cors }) };
    },
  });
  try {
    return (await graded([...argsFor(app.origin, counter.origin), ...args])).results;
  } finally {
    await app.close();
    await counter.close();
  }
}

/** The rows of an application that are not passed: those that need another setting, or a process that may be killed. */
const unpassed = ['R5', 'R9', 'R24', 'R30', 'R36', 'R38', 'R46', 'R40', 'R41'];

/** Every row that is not passed, except for some. */
function unpassedExcept(results: Awaited<ReturnType<typeof gradeApp>>, expected: readonly string[]): readonly string[] {
  const others = results.filter(({ row, outcome }) => outcome === 'failed' || !expected.includes(row));
  return others
    .filter(({ outcome }) => outcome !== 'passed')
    .map(({ row, outcome, note }) => `${row} ${outcome}: ${note}`);
}

const multipart = [
  ...['--header', 'Content-Type: multipart/form-data; boundary=one'],
  ...['--body', '--one\r\nContent-Disposition: form-data; name="amount"\r\n\r\n5\r\n--one--\r\n'],
];

/** Options of a guard, the claims of such a guard, and the rows that need them. */
const settings: Readonly<
  Record<string, readonly [options: Options, args: readonly string[], rows: readonly string[]]>
> = {
  'a strict, required key': [
    { key: { required: true, format: 'strict' } },
    ['--key', 'required', '--key-format', 'strict'],
    ['R5', 'R7', 'R9', 'R10', 'R11', 'R16'],
  ],
  rerun: [{ afterFailure: 'rerun' }, ['--after-failure', 'rerun'], ['R36', 'R38', 'R57', 'R45']],
  wait: [{ whenRunning: { waitMs: 5_000 } }, ['--when-running', 'wait'], ['R27', 'R30', 'R31']],
  multipart: [{}, multipart, ['R17', 'R24']],
  'a short retention': [{ timing: { retentionMs: 1_000 } }, ['--retention', '1s'], ['R46']],
};

describe.concurrent('the guard', () => {
  it.each(Object.entries(frameworks))('gets full marks on %s', async (framework, start) => {
    // Lambda sends whole answers only: not in pieces, and they never break off.
    const expected = framework === 'lambda' ? [...unpassed, 'R56', 'R57'] : unpassed;
    const results = await gradeApp(start, {}, []);
    expect(unpassedExcept(results, expected)).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'passed').length).toBe(results.length - expected.length);
  });

  it.each(Object.entries(settings))('passes the rows for %s', async (_, [options, args, rows]) => {
    const results = await gradeApp(startExpress(5, 'after'), options, [...args, '--rows', rows.join(',')]);
    expect(unpassedExcept(results, [])).toEqual([]);
  });

  it('fails the rows on JSON behind a parser that loses digits', async () => {
    const results = await gradeApp(startExpress(5, 'before'), {}, ['--rows', 'R17,R22,R23']);
    expect(results.map(({ row, outcome }) => `${row} ${outcome}`)).toEqual(['R17 passed', 'R22 failed', 'R23 failed']);
  });
});
