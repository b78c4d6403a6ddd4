import fastify from 'fastify';
import { type Charge, charge } from '../../server/handler.ts';
import { type App, json, path, served } from './app.ts';

/** Fastify without a guard. */
export const bare: App = () => {
  const app = fastify();
  app.post(path, async (request, reply) => reply.type(json).send(charge(request.body as Charge)));
  return served(app, async () => {});
};
