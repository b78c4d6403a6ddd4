import type { FastifyInstance } from 'fastify';
import type { Served } from '../../server/serve.ts';

/** The addresses of the servers, and the folder with the library's former code. */
export interface Engines {
  readonly redisPort?: number;
  readonly postgresUrl?: string;
  /** The folder with the library's former code. */
  readonly former?: string;
}

/** Makes the server of a contestant. */
export type App = (engines: Engines) => Promise<Served>;

export const path = '/v1/charges';
export const json = 'application/json';
/** Retention of an answer for all contestants. */
export const retentionMs = 86_400_000;

/** @param close - closes the application's clients after the server has closed. */
export async function served(app: FastifyInstance, close: () => Promise<unknown>): Promise<Served> {
  await app.ready();
  return {
    server: app.server,
    close: async () => {
      await app.close();
      await close();
    },
  };
}
