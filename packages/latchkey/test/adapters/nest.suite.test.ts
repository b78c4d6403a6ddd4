import { describe, it } from 'vitest';
import { adapterSuite } from '../../src/testing/index.ts';
import { startNest } from './apps/nest.ts';
import { memory } from './apps/stores.ts';
import { onBothStores } from './apps/suites.ts';

onBothStores('nest on express', startNest('express', true));
onBothStores('nest on fastify', startNest('fastify', true));

// By default, Nest's parsers on Express keep no bytes.
describe.concurrent('nest on express, without rawBody, memory store', () => {
  const common = { describe: describe.concurrent, it: it.concurrent, createStore: memory };
  adapterSuite({ ...common, start: startNest('express', false), jsonBodies: 'value' });
});
