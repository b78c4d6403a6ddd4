/** A function, and a runtime that calls it with each event from the parent process, as Lambda's runtime does. */

import { appendFileSync, existsSync } from 'node:fs';
import { idempotency, type LambdaEvent } from '../../../src/adapters/lambda.ts';
import { storeFromUrl } from '../../../src/stores/store-from-url/index.ts';
import { pause } from '../../../src/testing/adapter-suite/world.ts';
import type { FunctionSettings, Invoked } from '../apps/local-lambda.ts';

const { storeUrl, leaseMs, effects, released } = JSON.parse(process.env['FUNCTION'] ?? '') as FunctionSettings;

const note = (text: string) => appendFileSync(effects, `${text}\n`);

const guard = idempotency({
  store: await storeFromUrl(storeUrl),
  principal: () => 'tenant',
  timing: { leaseMs },
  log: false,
});

/** The first attempt ignores its signal and waits until the parent releases it. */
const order = (variant: typeof guard) =>
  variant.withContext(async (context, event) => {
    await context.step('charge', () => note('charged'));
    if (event.body === 'hangs' && context.attempt === 1) {
      note('waits');
      while (!existsSync(released)) await pause(20);
    }
    await context.step('mail', () => note('mailed'));
    return { statusCode: 201, body: `attempt ${context.attempt}` };
  });

const handlers: Readonly<Record<string, ReturnType<typeof order>>> = {
  '/refuse': order(guard),
  '/rerun': order(guard.with({ afterFailure: 'rerun' })),
};

async function answer({ event, endsAt }: Invoked): Promise<void> {
  const handler = handlers[(event as LambdaEvent).rawPath ?? ''];
  process.send?.(await handler?.(event, { getRemainingTimeInMillis: () => endsAt - Date.now() }));
}

process.on('message', (invoked: Invoked) => void answer(invoked));
process.send?.('ready');
