/**
 * Sends exactly the given bytes, never more requests than allowed, and returns exactly the received ones.
 *
 * @module
 */

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Call, type Header, headerOf } from '../template.ts';

/** A response. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  /** When the request was sent and when the response was complete, in milliseconds of a monotonic clock. */
  readonly sentAt: number;
  readonly endedAt: number;
  /** All values of a header, in order. */
  all(name: string): readonly string[];
  /** The values of a header, joined; undefined if the response does not have it. */
  header(name: string): string | undefined;
}

/** A request that got no whole response. */
export class Unanswered extends Error {
  /** What came before the response broke off; undefined if it did not even begin. */
  readonly received: Buffer | undefined;

  constructor(message: string, received?: Buffer) {
    super(message);
    this.received = received;
  }
}

/** The target cannot be reached at all. */
export class Unreachable extends Error {}

/** All allowed requests were sent. */
export class RequestsSpent extends Error {}

/** Time, timers and randomness. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number;
  sleep(ms: number): Promise<void>;
  uuid(): string;
}

/** The limits of a run. */
export interface WireLimits {
  readonly maxRequests: number;
  readonly timeoutMs: number;
}

const noServer = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

function toWireError(error: unknown): Error {
  if (error instanceof Unanswered) return error;
  const code = String(Reflect.get(Object(error), 'code') ?? error);
  return noServer.has(code) ? new Unreachable(code) : new Unanswered(`no answer (${code})`);
}

/** Longer answers are not read to their end. */
const maxAnswerBytes = 64 * 1024 * 1024;
/** The status line and headers of an answer are shorter. */
const maxHeadBytes = 64 * 1024;

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      length += chunk.length;
      if (length > maxAnswerBytes) throw new Unanswered(`the answer has more than ${maxAnswerBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Unanswered) throw error;
    throw new Unanswered('the answer broke off', Buffer.concat(chunks));
  }
  return Buffer.concat(chunks);
}

/** The connection to the target. */
export class Wire {
  /** Requests sent so far. */
  sent = 0;
  readonly #limits: WireLimits;
  readonly #monotonic: () => number;

  constructor(limits: WireLimits, { monotonic }: Runtime) {
    this.#limits = limits;
    this.#monotonic = monotonic;
  }

  /**
   * Sends a request and reads the whole response.
   *
   * @param signal - breaks the connection.
   * @param release - the last byte of the body is sent after it, so that many requests are complete at the same moment.
   * @throws Unanswered, Unreachable, RequestsSpent
   */
  async send(call: Call, signal?: AbortSignal, release?: Promise<void>): Promise<Answer> {
    this.#spend();
    const { method, url, headers, body } = call;
    const length: readonly Header[] = body === undefined ? [] : [['Content-Length', String(body.length)]];
    const usual: readonly Header[] = [
      ['Host', url.host],
      ['User-Agent', 'latchkey-conformance'],
    ];
    const lines = [...usual.filter(([name]) => headerOf(call, name) === undefined), ...headers, ...length];
    const timeout = AbortSignal.timeout(this.#limits.timeoutMs);
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method,
      headers: lines.flat(),
      agent: false,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const sentAt = this.#monotonic();
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.once('response', resolve).on('error', reject);
        if (release === undefined || body === undefined) request.end(body);
        else {
          request.write(body.subarray(0, -1));
          void release.then(() => request.end(body.subarray(-1)));
        }
      });
      const received = await bodyOf(response);
      return answerOf(response, received, { sentAt, endedAt: this.#monotonic() });
    } catch (error) {
      if (timeout.aborted) throw new Unanswered(`no answer within ${this.#limits.timeoutMs} ms`);
      throw toWireError(error);
    }
  }

  /**
   * Sends a request whose key header may contain bytes that Node's client refuses, and resolves with the status, or
   * undefined if the connection was closed without an answer.
   *
   * @throws Unanswered if there is neither within the timeout
   */
  async sendRawKey(call: Call, keyValue: string): Promise<number | undefined> {
    this.#spend();
    const { url, method, headers, body = Buffer.alloc(0) } = call;
    const usual: readonly Header[] = headerOf(call, 'host') === undefined ? [['Host', url.host]] : [];
    const own = [...usual, ...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nConnection: close\r\n${own}`;
    const bytes = Buffer.from(
      `${head}Idempotency-Key: ${keyValue}\r\nContent-Length: ${body.length}\r\n\r\n`,
      'latin1',
    );
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const host = url.hostname.replaceAll(/[[\]]/g, '');
    return new Promise((resolve, reject) => {
      const socket = url.protocol === 'https:' ? connectTls({ port, host, servername: host }) : connect(port, host);
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        if (statusIn(text) !== undefined || text.length > maxHeadBytes) socket.destroy();
      });
      const { timeoutMs } = this.#limits;
      const timeout = AbortSignal.timeout(timeoutMs);
      timeout.addEventListener('abort', () => {
        reject(new Unanswered(`no answer within ${timeoutMs} ms`));
        socket.destroy();
      });
      socket
        .on('close', () => resolve(statusIn(text)))
        .on('error', (error) => {
          const known = toWireError(error);
          if (known instanceof Unreachable) reject(known);
        });
      socket.write(Buffer.concat([bytes, body]));
    });
  }

  #spend(): void {
    if (this.sent >= this.#limits.maxRequests)
      throw new RequestsSpent(`--max-requests ${this.#limits.maxRequests} is reached`);
    this.sent += 1;
  }
}

/** The status of the first answer that is not interim (1xx). */
function statusIn(text: string): number | undefined {
  const digits = text.split('\r\n\r\n').map((head) => /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
  const final = digits.find((status) => !status?.startsWith('1'));
  return final === undefined ? undefined : Number(final);
}

function answerOf(response: IncomingMessage, body: Buffer, times: Pick<Answer, 'sentAt' | 'endedAt'>): Answer {
  const all = (name: string) => response.headersDistinct[name.toLowerCase()] ?? [];
  return {
    status: response.statusCode ?? 0,
    body,
    ...times,
    all,
    header: (name) => (all(name).length === 0 ? undefined : all(name).join(', ')),
  };
}
