import { describe, it } from 'vitest';
import { adapterSuite } from '../../src/testing/index.ts';
import { startLambda } from './apps/lambda.ts';
import { memory } from './apps/stores.ts';
import { onBothStores } from './apps/suites.ts';

/** Lambda sends a whole answer: an answer in several pieces needs response streaming, which is not supported. */
const whole = { streams: false };

onBothStores('Lambda, HTTP API', startLambda('http-api'), 'bytes', whole);

// The form of an event makes no difference to the store.
for (const sender of ['rest-api', 'function-url', 'load-balancer-lists'] as const)
  describe.concurrent(`Lambda, ${sender}, memory store`, () =>
    adapterSuite({
      ...{ describe: describe.concurrent, it: it.concurrent },
      ...{ start: startLambda(sender), createStore: memory, ...whole },
    }));
