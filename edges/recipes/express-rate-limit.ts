import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { idempotency } from 'latchkey/express';
import { memoryStore } from 'latchkey/memory';
import { accountOf } from './accounts.ts'; // your own authentication

const guard = idempotency({
  store: memoryStore(),
  principal: (request) => accountOf(request.headers.authorization),
});

const limiter = rateLimit({
  windowMs: 60_000,
  limit: 2,
  keyGenerator: (request) => accountOf(request.headers.authorization) ?? 'unknown',
  skip: async (request) => ['replay', 'running'].includes(await guard.peek(request)),
});

export const app = express();
app.use((request, response, next) => (accountOf(request.headers.authorization) ? next() : response.sendStatus(401)));

app.post('/orders', express.json(), limiter, guard, (request, response) => {
  response.status(201).json({ item: request.body.item });
});
