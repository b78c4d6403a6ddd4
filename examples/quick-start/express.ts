import { DatabaseSync } from 'node:sqlite';
import express from 'express';
import { idempotency } from 'latchkey/express';
import { sqliteStore } from 'latchkey/sqlite';
import { accountOf } from './accounts.ts'; // your own authentication

const database = new DatabaseSync(process.env.DATABASE ?? 'orders.db');
database.exec('CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL)');

const guard = idempotency({
  store: sqliteStore({ database }),
  principal: (request) => accountOf(request.headers.authorization), // the id of an account or a tenant
  afterFailure: 'rerun', // the handler's only effect is inside finish(), so a retry may run it again
});

const app = express();
app.use((request, response, next) => (accountOf(request.headers.authorization) ? next() : response.sendStatus(401)));

app.post('/orders', guard.with({ key: { required: true } }), express.json(), async (request) => {
  // The order, the answer and the completion are one commit: no crash leaves one without the others.
  await guard.context(request).finish((db) => {
    const { lastInsertRowid } = db.prepare('INSERT INTO orders (item) VALUES (?)').run(request.body.item);
    return { status: 201, body: { id: Number(lastInsertRowid), item: request.body.item } };
  });
});

const server = app.listen(Number(process.env.PORT ?? 3000));

process.once('SIGTERM', async () => {
  server.close();
  await guard.shutdown(); // running handlers finish, and their answers are stored
});
