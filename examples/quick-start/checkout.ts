import express from 'express';
import { idempotency } from 'latchkey/express';
import type { Store } from 'latchkey/store';

/** The part of a card provider's SDK that the application calls. */
export interface Provider {
  charge(amount: number, options: { idempotencyKey: string }): Promise<{ id: string }>;
}

/** Creates the application. Its store and its provider are arguments, so that a test can pass its own. */
export function createApp({ store, provider }: { store: Store; provider: Provider }) {
  const guard = idempotency({ store, principal: 'authorization', afterFailure: 'rerun' });
  const app = express();

  app.post('/charges', guard.with({ key: { required: true } }), express.json(), async (request, response) => {
    const { amount } = request.body;
    const charge = await guard
      .context(request)
      .step('charge', ({ idempotencyKey }) => provider.charge(amount, { idempotencyKey }));
    response.status(201).json(charge);
  });

  return app;
}
