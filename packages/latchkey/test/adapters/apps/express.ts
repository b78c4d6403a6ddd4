/// <reference path="./express4.d.ts" />
import { createServer, type RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from 'express';
import express4 from 'express4';
import { idempotency } from '../../../src/adapters/express.ts';
import type { TransactionKind } from '../../../src/core/store.ts';
import type { AppSetup, RunningApp, SuiteReply } from '../../../src/testing/index.ts';
import { answerLate, headerOf } from './node.ts';
import { grouped, isStream, listen, tenantOf } from './server.ts';

export type JsonParser = 'before' | 'after' | 'absent';

/** Both versions, of which only common members are used here. */
const versions: Record<4 | 5, () => express.Express> = { 4: express4, 5: express };

function sendReply(response: Response, reply: SuiteReply): void {
  if ('finished' in reply) return;
  const { status = 200, headers, body } = reply;
  response.status(status);
  for (const [name, value] of grouped(headers)) response.setHeader(name, value);
  if (isStream(body))
    Readable.from(body)
      .on('error', (error) => response.destroy(error))
      .pipe(response);
  else if (body === undefined) response.end();
  else response.send(typeof body === 'string' ? body : Buffer.from(body));
}

const readRest: RequestHandler = (request, _response, next) => {
  if (request.body !== undefined && request.readableEnded) return next();
  let text = '';
  request.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  request.on('end', () => {
    request.body = text;
    next();
  });
};

const onError: ErrorRequestHandler = (_error, _request, response, next) => {
  if (response.headersSent) next(_error);
  else
    response
      .status(_error.status ?? 500)
      .set(_error.headers ?? {})
      .send('broken');
};

export function startExpress(version: 4 | 5, parser: JsonParser) {
  return <Kind extends TransactionKind>(setup: AppSetup<Kind>): Promise<RunningApp> => {
    const app = versions[version]();
    const guard = idempotency<Kind>({ ...setup.options, principal: (request) => tenantOf(request.get('x-tenant')) });
    app.use((request, response, next) => {
      const { refuse, late, headers } = setup.outer(headerOf(request));
      for (const [name, value] of grouped(headers)) response.setHeader(name, value);
      void late?.then((status) => answerLate(response, status));
      if (refuse === undefined) next();
      else response.sendStatus(refuse);
    });
    if (parser === 'before') app.use(express.json());
    app.use(guard);
    if (parser === 'after') app.use(express.json());
    app.use(readRest, (request, response, next) => {
      const body = typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
      const { method } = request;
      const context = guard.tryContext(request);
      Promise.resolve()
        .then(() => setup.handler({ method, body, context, header: headerOf(request) }))
        .then((reply) => sendReply(response, reply))
        .catch(next);
    });
    app.use(onError);
    return listen(createServer(app as RequestListener));
  };
}
