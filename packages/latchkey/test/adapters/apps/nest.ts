import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import {
  All,
  type CanActivate,
  Controller,
  type ExecutionContext,
  HttpException,
  Module,
  Req,
  Res,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Request, Response } from 'express';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Idempotency, Idempotent, LatchkeyModule } from '../../../src/adapters/nest.ts';
import type { TransactionKind } from '../../../src/core/store.ts';
import type { HttpContext } from '../../../src/http/layer.ts';
import type { AppSetup, RunningApp, SuiteReply } from '../../../src/testing/index.ts';
import { decorate } from './nest-decorators.ts';
import { answerLate, headerOf } from './node.ts';
import { grouped, isStream, tenantOf } from './server.ts';

export type Platform = 'express' | 'fastify';

/** What a handler returns for a reply; its status and headers are set on the response. */
function returned(reply: SuiteReply, response: Response | FastifyReply): unknown {
  if ('finished' in reply) return undefined;
  const { status = 200, headers, body } = reply;
  response.status(status);
  for (const [name, value] of grouped(headers)) {
    // Express adds a charset to the type, unless it is set on Node's response.
    if ('raw' in response) response.header(name, value);
    else response.setHeader(name, value);
  }
  if (isStream(body)) return new StreamableFile(Readable.from(body));
  return body instanceof Uint8Array ? new StreamableFile(Buffer.from(body)) : body;
}

/** The body as text, parsed before or not. */
async function textOf(request: Request | FastifyRequest): Promise<string> {
  const { body } = request as { body?: unknown };
  if (typeof body === 'string') return body;
  if (body !== undefined || 'raw' in request) return JSON.stringify(body) ?? '';
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

/** The module of an application with the suite's handler, behind one of Nest's guards. */
function moduleFor<Kind extends TransactionKind>(
  { handler, options, outer }: AppSetup<Kind>,
  everyPath: string,
): object {
  class Refuses implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const request: IncomingMessage & { raw?: IncomingMessage } = context.switchToHttp().getRequest();
      const { refuse } = outer(headerOf(request.raw ?? request));
      if (refuse !== undefined) throw new HttpException('', refuse);
      return true;
    }
  }
  class Shop {
    async handle(
      request: Request | FastifyRequest,
      response: Response | FastifyReply,
      context: HttpContext<Kind> | undefined,
    ): Promise<unknown> {
      const body = await textOf(request);
      const header = headerOf('raw' in request ? request.raw : request);
      return returned(await handler({ method: request.method, body, context, header }), response);
    }
  }
  decorate(Shop, 'handle', [All(everyPath)], [Req(), Res({ passthrough: true }), Idempotency()]);
  UseGuards(Refuses)(Shop);
  Idempotent()(Shop);
  Controller()(Shop);
  class App {}
  const principal = (request: { readonly headers: NodeJS.Dict<string | string[]> }) =>
    tenantOf(request.headers['x-tenant']);
  Module({ imports: [LatchkeyModule.forRoot({ ...options, principal })], controllers: [Shop] })(App);
  return App;
}

/** What a server does before the guard. */
function before<Kind extends TransactionKind>(
  { outer }: AppSetup<Kind>,
  request: IncomingMessage,
  response: ServerResponse,
  set: (name: string, value: string | string[]) => unknown,
): void {
  const { late, headers } = outer(headerOf(request));
  for (const [name, value] of grouped(headers)) set(name, value);
  void late?.then((status) => answerLate(response, status));
}

async function expressApp<Kind extends TransactionKind>(setup: AppSetup<Kind>, rawBody: boolean) {
  const app = await NestFactory.create(moduleFor(setup, '*path'), new ExpressAdapter(), {
    ...{ rawBody, logger: false, abortOnError: false, forceCloseConnections: true },
  });
  app.use((request: Request, response: Response, next: () => void) => {
    before(setup, request, response, (name, value) => response.setHeader(name, value));
    next();
  });
  return app;
}

async function fastifyApp<Kind extends TransactionKind>(setup: AppSetup<Kind>) {
  const adapter = new FastifyAdapter({ bodyLimit: 8 * 1024 * 1024, forceCloseConnections: true });
  const app = await NestFactory.create(moduleFor(setup, '*'), adapter, {
    ...{ logger: false, abortOnError: false, bodyParser: false },
  });
  const instance = adapter.getInstance();
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  instance.addHook('onRequest', async (request, reply) =>
    before(setup, request.raw, reply.raw, (name, value) => reply.header(name, value)),
  );
  return app;
}

/** Starts Nest on one of its platforms. `rawBody` makes its parsers on Express keep the bytes. */
export function startNest(platform: Platform, rawBody: boolean) {
  return async <Kind extends TransactionKind>(setup: AppSetup<Kind>): Promise<RunningApp> => {
    const app = platform === 'express' ? await expressApp(setup, rawBody) : await fastifyApp(setup);
    await app.listen(0, '127.0.0.1');
    return { origin: await app.getUrl(), close: () => app.close() };
  };
}
