/**
 * Sends requests to an application of any kind, which is recognized by its shape.
 *
 * @module
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LatchkeyError } from '../../core/errors.ts';
import { open, receive, responseTo } from '../adapter-suite/client.ts';
import type { OnceRequest } from './request.ts';

/** A `Request → Response` function of at most one argument. Wrap one that takes more. */
export type FetchApp = (request: Request) => Response | Promise<Response>;

/** A listener of `node:http`, which takes at least two arguments, or an Express app. */
export type ListenerApp = (request: IncomingMessage, response: ServerResponse) => unknown;

/** An object with a fetch function, such as a Hono app. */
export interface FetchObject {
  fetch(request: Request): Response | Promise<Response>;
}

/** A Koa app. */
export interface KoaApp {
  callback(): ListenerApp;
}

/** A Fastify instance. */
export interface FastifyApp {
  ready(): PromiseLike<unknown>;
  readonly server: object;
}

/** A Nest application, on Express or Fastify. */
export interface NestApp {
  init(): Promise<unknown>;
  getHttpServer(): object;
  getHttpAdapter(): { getInstance(): unknown };
}

/**
 * An application: the URL of a server, a listener of `node:http` or an Express app, a Koa app, a Fastify instance, a
 * Nest application, a `Request → Response` function or an object with one as `fetch`, or a `node:http` server. Only a
 * URL must be listening.
 */
export type OnceApp = string | URL | ListenerApp | FetchApp | FetchObject | KoaApp | FastifyApp | NestApp | Server;

/** An answer of the application. */
export interface OnceAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  header(name: string): string | undefined;
}

/** An application that takes requests. */
export interface OpenApp {
  send(request: OnceRequest): Promise<OnceAnswer>;
  /** Ends what was started for the application, and nothing of the application itself. */
  close(): Promise<void>;
}

/**
 * Prepares an application for requests: initializes a Nest application or a Fastify instance, and starts a server on a
 * free port of 127.0.0.1 unless it is a URL or a fetch function.
 *
 * @throws LatchkeyError `option-invalid` if it is of an unknown kind.
 */
export async function openApp(app: OnceApp): Promise<OpenApp> {
  if (typeof app === 'string' || app instanceof URL) return atUrl(new URL(app));
  if (isListener(app)) return serve(app);
  if (typeof app === 'function') return inProcess(app);
  // A Nest application may also have members of the framework below it.
  if (isLike<NestApp>(app, 'getHttpServer')) return serve(passingTo(await readyNest(app)));
  if (isLike<FastifyApp>(app, 'ready')) return serve(passingTo(await readyFastify(app)));
  if (isLike<FetchObject>(app, 'fetch')) return inProcess((request) => app.fetch(request));
  if (isLike<KoaApp>(app, 'callback')) return serve(app.callback());
  if (isLike<Server>(app, 'emit')) return serve(passingTo(app));
  throw new LatchkeyError(
    'option-invalid',
    'expectOnce: the application must be a URL, a node:http listener or server, an Express or Koa app, a Fastify or Nest instance, or a fetch function.',
  );
}

/** The methods are typed as their framework declares them; only the name of one can be checked. */
function isLike<App extends object>(app: unknown, method: keyof App & string): app is App {
  return typeof Reflect.get(Object(app), method) === 'function';
}

function isListener(app: unknown): app is ListenerApp {
  return typeof app === 'function' && app.length >= 2;
}

async function readyFastify(app: FastifyApp): Promise<object> {
  await app.ready();
  return app.server;
}

async function readyNest(app: NestApp): Promise<object> {
  await app.init();
  const platform = app.getHttpAdapter().getInstance();
  // On Fastify, Nest leaves this to listen().
  if (isLike<FastifyApp>(platform, 'ready') && isLike<FastifyApp & { inject(): unknown }>(platform, 'inject'))
    await platform.ready();
  return app.getHttpServer();
}

/** Passes requests to a server, whether it listens or not. */
function passingTo(server: object): RequestListener {
  return (request, response) => void (server as Server).emit('request', request, response);
}

async function serve(listener: ListenerApp): Promise<OpenApp> {
  const server = createServer((request, response) => void listener(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { send } = atUrl(new URL(`http://127.0.0.1:${port}`));
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { send, close };
}

function atUrl(url: URL): OpenApp {
  const send = async ({ method, path, headers, body }: OnceRequest) => {
    const lines = [...headers, ...(body === undefined ? [] : [['Content-Length', String(body.byteLength)] as const])];
    const request = open(url.href, { method, path, headers: lines });
    const response = responseTo(request);
    request.end(body);
    return receive(await response);
  };
  return { send, close: async () => {} };
}

function inProcess(app: FetchApp): OpenApp {
  const send = async ({ method, path, headers, body }: OnceRequest): Promise<OnceAnswer> => {
    const init = { method, headers: headers.map(([name, value]): [string, string] => [name, value]) };
    const request = new Request(new URL(path, 'http://localhost'), body === undefined ? init : { ...init, body });
    const response = await app(request);
    return {
      status: response.status,
      body: new Uint8Array(await response.arrayBuffer()),
      header: (name) => response.headers.get(name) ?? undefined,
    };
  };
  return { send, close: async () => {} };
}
