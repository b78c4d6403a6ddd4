const express = require('express');
const { idempotency } = require('latchkey/express');

/** An application that charges a card. With `isCareless`, it sends the provider no key. */
exports.createApp = ({ store, provider, isCareless = false }) => {
  const guard = idempotency({ store, principal: () => 'shop', afterFailure: 'rerun', log: false });
  const app = express();
  app.post('/charges', guard, express.json(), async (request, response) => {
    const { amount } = request.body;
    const charge = await guard
      .context(request)
      .step('charge', ({ idempotencyKey }) => provider.charge(amount, isCareless ? undefined : idempotencyKey));
    response.status(201).json(charge);
  });
  return app;
};

/** A card provider that honours idempotency keys. */
exports.createProvider = () => {
  const charges = new Map();
  return {
    charges,
    charge(amount, key = `unkeyed-${charges.size}`) {
      if (!charges.has(key)) charges.set(key, { id: `ch_${charges.size + 1}`, amount });
      return charges.get(key);
    },
  };
};
