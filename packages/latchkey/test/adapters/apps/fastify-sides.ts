import fastify, { type FastifyInstance, type RouteHandlerMethod } from 'fastify';
import { onTestFinished } from 'vitest';
import { idempotency } from '../../../src/adapters/fastify.ts';
import { guardOptions } from './harness.ts';

/** Registers plugins or hooks on one side of an application's guard. */
export type Setup = (app: FastifyInstance) => unknown;

/** The hooks before and after a guard. */
export interface Sides {
  readonly before?: Setup;
  readonly behind?: Setup;
  readonly options?: object;
  readonly handler?: RouteHandlerMethod;
}

/** An application with hooks on each side of its guard. */
export async function start({ before, behind, options, handler }: Sides) {
  const app = fastify();
  onTestFinished(() => app.close());
  let runs = 0;
  await before?.(app);
  await app.register(idempotency({ ...guardOptions().options, ...options }));
  await behind?.(app);
  app.post('/charges', (request, reply) => {
    runs += 1;
    return handler === undefined ? reply.code(201).send({ charge: 'ch_1' }) : handler.call(app, request, reply);
  });
  return { origin: await app.listen({ host: '127.0.0.1', port: 0 }), runs: () => runs };
}

/** Wraps each payload, and counts its calls. */
export function envelope(name: string) {
  let times = 0;
  const setup: Setup = (app) =>
    app.addHook('onSend', async (_request, reply, payload) => {
      times += 1;
      reply.header(`x-${name}`, times);
      return `{"${name}":${times},"data":${String(payload)}}`;
    });
  return { setup, times: () => times };
}

/** A hook that fails in certain calls, counted from 1. */
export function failing(...calls: readonly number[]): Setup {
  let count = 0;
  return (app) =>
    app.addHook('onSend', async () => {
      count += 1;
      if (calls.includes(count)) throw new Error(`no ${count}`);
    });
}

/** The mark of a replay. */
export const replayed = (answer: { header(name: string): string | undefined }) => answer.header('idempotent-replayed');
