import 'reflect-metadata';
import { setTimeout as wait } from 'node:timers/promises';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  type ArgumentsHost,
  Body,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Module,
  Post,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Args, GraphQLModule, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsInt } from 'class-validator';
import type { HttpContext } from 'latchkey';
import { memoryStore } from 'latchkey/memory';
import { Idempotency, Idempotent, LatchkeyModule, type NestRequest, SkipIdempotency } from 'latchkey/nest';

interface Authenticated extends NestRequest {
  user?: { readonly account: string };
}

/** What a reply of both platforms has. */
interface AnyReply {
  status(code: number): AnyReply;
  header(name: string, value: string): AnyReply;
  send(body: unknown): unknown;
}

const tokens = new Set(['secret']);
let runs = 0;

/** Runs before Latchkey, also for GraphQL. */
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const type: string = context.getType();
    const request: Authenticated =
      type === 'graphql' ? context.getArgByIndex(2).req : context.switchToHttp().getRequest();
    if (!tokens.has(String(request.headers.authorization))) throw new UnauthorizedException();
    request.user = { account: 'acme' };
    return true;
  }
}

class Declined extends Error {}

@Catch(Declined)
class DeclinedFilter implements ExceptionFilter<Declined> {
  catch(error: Declined, host: ArgumentsHost): void {
    host
      .switchToHttp()
      .getResponse<AnyReply>()
      .status(402)
      .header('x-house', 'style')
      .send({ declined: error.message });
  }
}

class Charge {
  @IsInt()
  amount!: number;
}

@Controller()
@UseGuards(TokenGuard)
@UseFilters(DeclinedFilter)
@Idempotent({ key: { required: true } })
class ShopController {
  @Post('charges')
  async charge(
    @Body() { amount }: Charge,
    @Idempotency() context: HttpContext,
  ): Promise<{ run: number; attempt: number }> {
    runs += 1;
    if (amount > 1000) throw new Declined(String(amount));
    await wait(10, undefined, { signal: context.signal });
    return { run: runs, attempt: context.attempt };
  }

  @Post('revoke')
  @SkipIdempotency()
  revoke(): number {
    tokens.clear();
    return runs;
  }
}

@Resolver()
@UseGuards(TokenGuard)
class ShopResolver {
  @Query(() => Int)
  runs(): number {
    return runs;
  }

  @Mutation(() => Int)
  @Idempotent()
  order(@Args('item') item: string, @Idempotency() context?: HttpContext): number {
    runs += 1;
    if (item === 'nothing') throw new Error('sold out');
    return context === undefined ? -runs : runs;
  }

  @Mutation(() => Int)
  @Idempotent({ afterFailure: 'rerun', keyArgument: 'key' })
  reorder(@Args('item') item: string, @Args('key', { nullable: true }) key?: string): number {
    runs += 1;
    if (item === 'nothing') throw new Error(`sold out: ${key}`);
    return runs;
  }
}

class NoOptions {
  createLatchkeyOptions(): { store: ReturnType<typeof memoryStore>; principal: () => string } {
    return { store: memoryStore() } as ReturnType<NoOptions['createLatchkeyOptions']>;
  }
}

const guard =
  process.env['WRONG'] === undefined
    ? LatchkeyModule.forRootAsync({
        isGlobal: true,
        useFactory: async () => ({
          store: memoryStore(),
          principal: (request: Authenticated) => request.user?.account,
        }),
      })
    : LatchkeyModule.forRootAsync({ isGlobal: true, useClass: NoOptions });

const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
  driver: ApolloDriver,
  autoSchemaFile: true,
  ...(process.env['PLATFORM'] === 'fastify' && { context: (req: object, reply: object) => ({ req, reply }) }),
});

@Module({ imports: [guard, graphql], controllers: [ShopController], providers: [ShopResolver] })
class AppModule {}

async function start(): Promise<void> {
  const options = { logger: ['error' as const, 'warn' as const], forceCloseConnections: true };
  const app =
    process.env['PLATFORM'] === 'fastify'
      ? await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), options)
      : await NestFactory.create(AppModule, new ExpressAdapter(), options);
  app.useGlobalPipes(new ValidationPipe());
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(`listening on ${await app.getUrl()}`);
}

void start();
