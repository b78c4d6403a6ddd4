/**
 * A client that sends exactly the given bytes and returns exactly the received ones.
 *
 * @module
 */

import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Header } from '../../http/exchange.ts';

/** A request of the suite. */
export interface Sent {
  readonly method?: string;
  readonly path?: string;
  /** Sent in quotes. */
  readonly key?: string | undefined;
  readonly headers?: readonly Header[];
  readonly body?: string | Uint8Array;
  readonly type?: string;
}

/** A response of the suite. */
export interface Received {
  readonly status: number;
  readonly body: Buffer;
  /** False if the connection broke before the end of the body. */
  readonly complete: boolean;
  /** All values of a header, in order. */
  all(name: string): readonly string[];
  /** The values of a header, joined; undefined if the answer does not have it. */
  header(name: string): string | undefined;
  json(): unknown;
}

const json = 'application/json';

function headersOf({ key, headers = [], body, type = json }: Sent): string[] {
  const lines: Header[] = [...headers];
  if (key !== undefined) lines.push(['Idempotency-Key', `"${key.replaceAll(/["\\]/g, '\\$&')}"`]);
  if (body !== undefined) lines.push(['Content-Type', type]);
  return lines.flat();
}

/** Opens a request; the caller writes its body and ends it. */
export function open(origin: string, sent: Sent, agent: Agent | false = false): ClientRequest {
  const { method = 'POST', path = '/charges' } = sent;
  const url = new URL(path, origin);
  const headers = ['Host', url.host, ...headersOf(sent)];
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return request(url, { method, headers, agent });
}

/** Resolves with the head of the response. */
export function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => request.once('response', resolve).once('error', reject));
}

/** Reads a response until it ends or breaks. */
export async function receive(response: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk);
  } catch {
    // A broken body is a result here, not an error.
  }
  return received(response, Buffer.concat(chunks));
}

function received(response: IncomingMessage, body: Buffer): Received {
  const all = (name: string) => response.headersDistinct[name.toLowerCase()] ?? [];
  return {
    status: response.statusCode ?? 0,
    body,
    complete: response.complete,
    all,
    header: (name) => (all(name).length === 0 ? undefined : all(name).join(', ')),
    json: () => JSON.parse(body.toString()),
  };
}

/** Sends a request and reads the whole response. */
export async function send(origin: string, sent: Sent): Promise<Received> {
  const withBody: Sent = { ...sent, ...(sent.body === undefined && hasBody(sent) && { body: '{"amount":2000}' }) };
  const { body } = withBody;
  const length: readonly Header[] = body === undefined ? [] : [['Content-Length', String(Buffer.byteLength(body))]];
  const request = open(origin, { ...withBody, headers: [...(sent.headers ?? []), ...length] });
  const response = responseTo(request);
  request.end(body);
  return receive(await response);
}

function hasBody({ method = 'POST' }: Sent): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
}

/** Sends raw bytes and resolves with the status code once the server has closed the connection. */
export function sendRaw(origin: string, bytes: string): Promise<number> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])));
    socket.on('error', reject);
  });
}
