/** A real server on loopback that treats each request as the test demands. */

import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Seen {
  readonly method: string | undefined;
  readonly key: string | undefined;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers completely. */
export function answer(status: number, headers: OutgoingHttpHeaders = {}, body = ''): Behaviour {
  return (response) => response.writeHead(status, headers).end(body);
}

/** Answers completely as this library's server does, with the answer marked as the operation's own. */
export function own(status: number, headers: OutgoingHttpHeaders = {}, body = ''): Behaviour {
  return answer(status, { 'Idempotency-Status': 'executed', ...headers }, body);
}

/** A problem document (RFC 9457) with a permanent code. */
export function problem(status: number, code: string, headers: OutgoingHttpHeaders = {}): Behaviour {
  return answer(status, { 'content-type': 'application/problem+json', ...headers }, JSON.stringify({ status, code }));
}

/** An error in Stripe's shape. */
export function stripeError(status: number, error: object, headers: OutgoingHttpHeaders = {}): Behaviour {
  return answer(status, { 'content-type': 'application/json', ...headers }, JSON.stringify({ error }));
}

/** The connection ends without an answer. */
export const drop: Behaviour = (_response, request) => void request.socket.destroy();

/** The connection ends in the middle of the answer's body. */
export const truncate: Behaviour = (response, request) => {
  response.writeHead(200, { 'content-length': 1000 });
  response.write('the first half', () => setImmediate(() => request.socket.destroy()));
};

/** The connection stays open without an answer. */
export const hang: Behaviour = () => undefined;

/** The head arrives, and the body never ends. */
export const stall: Behaviour = (response) => {
  response.writeHead(200, { 'content-length': 1000 });
  response.write('the first half');
};

export interface MisbehavingServer extends AsyncDisposable {
  readonly url: string;
  /** Every request, once its body has arrived. */
  readonly seen: Seen[];
  /** Resolves when `count` requests have arrived. */
  arrived(count: number): Promise<void>;
}

/** Starts a server; the last behaviour also applies to all later requests. */
export async function misbehave(...behaviours: [Behaviour, ...Behaviour[]]): Promise<MisbehavingServer> {
  const seen: Seen[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const { 'idempotency-key': key, 'content-type': contentType } = request.headers;
    seen.push({ method: request.method, key: typeof key === 'string' ? key : undefined, contentType, body });
    const behaviour = behaviours[Math.min(seen.length, behaviours.length) - 1] ?? behaviours[0];
    behaviour(response, request);
    for (const look of waiting) look();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/charges`,
    seen,
    arrived: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (seen.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port without a server: connections are refused. */
export async function deadUrl(): Promise<string> {
  await using server = await misbehave(hang);
  return server.url;
}
