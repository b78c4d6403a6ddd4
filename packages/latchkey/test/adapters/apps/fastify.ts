import { Readable } from 'node:stream';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { idempotency } from '../../../src/adapters/fastify.ts';
import type { TransactionKind } from '../../../src/core/store.ts';
import type { AppSetup, RunningApp, SuiteReply } from '../../../src/testing/index.ts';
import { answerLate, headerOf } from './node.ts';
import { grouped, isStream, tenantOf } from './server.ts';

function replyOf(reply: FastifyReply, answer: SuiteReply): unknown {
  if ('finished' in answer) return answer.finished;
  const { status = 200, headers, body } = answer;
  reply.code(status);
  for (const [name, value] of grouped(headers)) reply.header(name, value);
  if (isStream(body)) return reply.send(Readable.from(body));
  return reply.send(body instanceof Uint8Array ? Buffer.from(body) : body);
}

export async function startFastify<Kind extends TransactionKind>(setup: AppSetup<Kind>): Promise<RunningApp> {
  const app = fastify({ bodyLimit: 8 * 1024 * 1024, forceCloseConnections: true });
  const guard = idempotency<Kind>({
    ...setup.options,
    principal: (request) => tenantOf(request.headers['x-tenant']),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    const { refuse, late, headers } = setup.outer(headerOf(request.raw));
    for (const [name, value] of grouped(headers)) reply.header(name, value);
    void late?.then((status) => answerLate(reply.raw, status));
    if (refuse !== undefined) await reply.code(refuse).send();
  });
  await app.register(guard);
  app.all('*', async (request: FastifyRequest, reply) => {
    const { method, body } = request;
    const context = guard.tryContext(request);
    const answer = await setup.handler({ method, body: String(body), context, header: headerOf(request.raw) });
    return replyOf(reply, answer);
  });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  return { origin, close: () => app.close() };
}
