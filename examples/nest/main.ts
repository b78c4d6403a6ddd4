import { DatabaseSync } from 'node:sqlite';
import { Body, type CanActivate, Controller, type ExecutionContext, Module, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { HttpContext } from 'latchkey';
import { Idempotency, Idempotent, LatchkeyModule, type NestRequest } from 'latchkey/nest';
import { type SqliteTransactions, sqliteStore } from 'latchkey/sqlite';

type Authenticated = NestRequest & { user: { account: string } };

const database = new DatabaseSync(process.env['DATABASE'] ?? 'orders.db');
database.exec('CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL)');

/** Your own authentication. Nest's guards run before Latchkey, so that a revoked token gets no stored answer. */
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    request.user = { account: 'account-81' };
    return request.headers.authorization === 'Bearer secret';
  }
}

@Controller('orders')
@UseGuards(TokenGuard)
class OrdersController {
  /** The order, the answer and the completion are one commit: no crash leaves one without the others. */
  @Post()
  @Idempotent({ key: { required: true }, afterFailure: 'rerun' }) // a retry may run the handler again: all is in finish()
  place(@Body() { item }: { item: string }, @Idempotency() context: HttpContext<SqliteTransactions<DatabaseSync>>) {
    return context.finish((db) => {
      const { lastInsertRowid } = db.prepare('INSERT INTO orders (item) VALUES (?)').run(item);
      return { status: 201, body: { id: Number(lastInsertRowid), item } };
    });
  }
}

@Module({
  imports: [
    LatchkeyModule.forRoot({
      store: sqliteStore({ database }),
      principal: (request: Authenticated) => request.user.account, // the id of an account or a tenant
    }),
  ],
  controllers: [OrdersController],
})
class AppModule {}

async function start(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks(); // on SIGTERM running handlers finish, and their answers are stored
  await app.listen(process.env['PORT'] ?? 3000);
}

void start();
