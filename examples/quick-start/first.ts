import express from 'express';
import { idempotency } from 'latchkey/express';
import { sqliteStore } from 'latchkey/sqlite';

const guard = idempotency({
  store: sqliteStore({ database: process.env.DATABASE ?? 'records.db' }),
  principal: 'anonymous', // for a first try; an application returns the account of the request
});

const app = express();
let charges = 0;

app.post('/charges', guard, express.json(), (request, response) => {
  charges += 1;
  response.status(201).json({ charge: charges, amount: request.body.amount });
});

app.listen(Number(process.env.PORT ?? 3000));
