import fastify, { type FastifyServerOptions } from 'fastify';
import { afterEach, expect, it, vi } from 'vitest';
import { idempotency } from '../../src/adapters/fastify.ts';
import type { LogEntry } from '../../src/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';

interface Line {
  readonly level: number;
  readonly reqId?: string;
  readonly code: string;
  readonly msg: string;
  readonly docs: string;
  readonly reference?: string;
}

const payload = { headers: { 'idempotency-key': 'secret-key', 'x-tenant': 'secret-tenant' }, payload: { a: 1 } };

/** An application whose handlers lose their lease, or answer 500; what its logger writes. */
async function appWith(options: FastifyServerOptions, own: { log?: (entry: LogEntry) => void } = {}) {
  const lines: Line[] = [];
  const stream = { write: (text: string) => void lines.push(JSON.parse(text)) };
  const app = fastify({ ...options, ...(options.logger === true && { logger: { level: 'warn', stream } }) });
  const timing = { maxRunMs: 50 };
  await app.register(idempotency({ store: memoryStore(), principal: () => 'secret-tenant', timing, ...own }));
  app.post('/slow', async (request) => {
    const { signal } = request.idempotency ?? {};
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    return 'late';
  });
  app.post('/failing', (_request, reply) => reply.code(500).send('no'));
  const send = (url: string) => app.inject({ method: 'POST', url, ...payload });
  return { send, lines };
}

afterEach(() => vi.restoreAllMocks());

it("writes what happens to a request's record to the logger of the request", async () => {
  const { send, lines } = await appWith({ logger: true, genReqId: () => 'request-7' });
  await send('/slow');
  expect(lines).toMatchObject([
    { level: 40, reqId: 'request-7', code: 'lease-lost', reference: expect.stringMatching(/^\w{12}$/) },
  ]);
  const [line] = lines;
  expect(line?.msg).toMatch(/^latchkey lease-lost: A handler lost its record/);
  expect(line?.docs).toMatch(/errors\.md#lease-lost$/);
  expect(JSON.stringify(lines)).not.toContain('secret');
});

it("writes other entries to the application's logger", async () => {
  const { send, lines } = await appWith({ logger: true });
  await send('/failing');
  expect(lines.map(({ code, reqId }) => [code, reqId])).toEqual([['failure-kept', undefined]]);
});

it('writes to the console if the application has no logger', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { send } = await appWith({});
  await send('/slow');
  await send('/failing');
  expect(warn.mock.calls.map(([text]) => String(text).split(':')[0])).toEqual([
    'latchkey lease-lost',
    'latchkey failure-kept',
  ]);
});

it('leaves the loggers alone if the option log is set, and gives it the entry alone', async () => {
  const log = vi.fn();
  const { send, lines } = await appWith({ logger: true }, { log });
  await send('/slow');
  expect(lines).toEqual([]);
  expect(log.mock.calls).toEqual([[expect.objectContaining({ code: 'lease-lost' })]]);
});

it('writes to a logger without levels', async () => {
  const warn = vi.fn();
  const [fatal, error, info, debug, trace] = Array.from({ length: 5 }, () => vi.fn());
  const loggerInstance = { fatal, error, warn, info, debug, trace, child: () => loggerInstance };
  const { send } = await appWith({ loggerInstance: loggerInstance as never });
  await send('/failing');
  expect(warn).toHaveBeenCalledTimes(1);
});

it.each([undefined, 'x'])('refuses %o in place of options', (options) => {
  expect(() => idempotency(options as never)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
});
