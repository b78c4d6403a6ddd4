import { expect } from 'vitest';

const onceAndReplayed = ['201 order 1', '201 order 1, replayed'];

const stores = [
  'memory',
  'encrypted',
  'sqlite',
  'redis through ioredis',
  'redis through redis',
  'postgres through pg',
  'postgres through postgres.js',
  'mariadb',
  'a store from a URL',
];

const frameworks = ['node', 'express', 'fastify', 'hono', 'koa', 'lambda'];

/** The output of the application `drivers`. */
export const expectedOfDrivers = {
  ...Object.fromEntries([...stores, ...frameworks].map((name) => [name, onceAndReplayed])),
  dynamodb: ['calls getItem'],
  'the client behind context.fetch': ['200 charged', '200 charged, replayed'],
  'the audit of a recover hook': ['201 recovered, replayed', '201 recovered, replayed'],
  'every other entry': expect.arrayContaining([expect.stringMatching(/^latchkey [1-9]/)]),
};
