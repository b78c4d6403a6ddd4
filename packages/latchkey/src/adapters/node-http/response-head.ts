/**
 * The head of a response: what the handler has set, and whether the application sees it as sent.
 *
 * @module
 */

import { type OutgoingHttpHeader, type OutgoingHttpHeaders, OutgoingMessage, type ServerResponse } from 'node:http';
import type { Header, Marks } from '../../http/exchange.ts';
import { marksOfHead } from '../../http/response/marks.ts';
import { type HeaderFunctions, overrideHeaderFunctions } from './response-overrides.ts';

/** The headers at one moment, by lower-case name. */
export type HeaderSnapshot = Readonly<OutgoingHttpHeaders>;

/**
 * The symbol under which Node keeps the name of each header as the application wrote it, by lower-case name. The public
 * `getRawHeaderNames` takes a microsecond, which is a sixteenth of what the guard adds to a request.
 */
const spelledNames = Object.getOwnPropertySymbols(new OutgoingMessage()).find(
  ({ description }) => description === 'kOutHeaders',
);

/** Another Node, or HTTP/2, may keep nothing there: the names are in lower case then. */
type Spelled = Readonly<Record<symbol, Readonly<Record<string, readonly [name: string, value: unknown]>> | null>>;

/** Internal state of a response in `node:http`, which its own getters and middleware read. HTTP/2 differs. */
interface Internals {
  _header: string | null;
}

/** True for an HTTP/2 response. */
export function isHttp2(response: ServerResponse): boolean {
  return !Object.hasOwn(response, '_header');
}

/** Whether writes to a response no longer reach its client. Over HTTP/2 its stream has this state. */
export function isDestroyed(response: ServerResponse): boolean {
  const { destroyed }: { destroyed?: boolean } = response;
  return destroyed ?? Reflect.get(Object(Reflect.get(response, 'stream')), 'destroyed') === true;
}

/** Makes `headersSent` true. */
export function showHeadSent(response: ServerResponse): void {
  if (isHttp2(response)) Object.defineProperty(response, 'headersSent', { value: true, configurable: true });
  else (response as unknown as Internals)._header = 'held back';
}

/** Reverts {@link showHeadSent}. */
export function hideHeadSent(response: ServerResponse): void {
  if (isHttp2(response)) Reflect.deleteProperty(response, 'headersSent');
  else (response as unknown as Internals)._header = null;
}

/** The head of a response: what the handler has set, and whether the application sees it as sent. */
export class NodeResponseHead {
  /** True once the head is final. */
  isNoted = false;
  /** True while `headersSent` is true although the head has not been sent. */
  isShown = false;
  status = 0;
  headers: readonly Header[] = [];
  declaredLength = Number.NaN;
  readonly #response: ServerResponse;
  readonly #before: HeaderSnapshot;
  readonly isHttp2: boolean;
  #statusMessage = '';

  /** @param before - the headers that were set before the guard. */
  constructor(response: ServerResponse, before: HeaderSnapshot) {
    this.#response = response;
    this.isHttp2 = isHttp2(response);
    this.#before = before;
  }

  /**
   * Records the head before the functions of earlier middleware change it, for example by adding a content coding.
   *
   * @param known - the headers that were set since the guard, where they need not be looked for.
   */
  note(known?: readonly Header[]): void {
    const response = this.#response;
    this.isNoted = true;
    this.status = response.statusCode;
    if (!this.isHttp2) this.#statusMessage = response.statusMessage;
    const length = response.getHeader('content-length');
    if (length !== undefined) this.declaredLength = Number.parseInt(String(length), 10);
    const set: Header[] = [];
    this.headers = known ?? set;
    if (known !== undefined) return;
    const spelled = spelledNames && (response as object as Spelled)[spelledNames];
    for (const name of response.getHeaderNames()) {
      addHeader(set, spelled?.[name]?.[0] ?? name, response.getHeader(name), this.#before[name]);
    }
  }

  /** Applies `writeHead` without sending; returns the headers if they are known from its arguments. */
  apply(args: readonly unknown[], setters: HeaderFunctions): readonly Header[] | undefined {
    const headers = this.#headersOfHead(args[2] ?? args[1]);
    applyHead(this.#response, args, setters);
    return headers;
  }

  /**
   * Returns the headers from the object that becomes the complete head of the response, at a quarter of the cost.
   * Undefined if two names may differ only in case, or if there are other headers.
   */
  #headersOfHead(head: unknown): Header[] | undefined {
    if (typeof head !== 'object' || head === null || Array.isArray(head)) return undefined;
    if (this.#response.getHeaderNames().length > 0) return undefined;
    const given = head as OutgoingHttpHeaders;
    const headers: Header[] = [];
    for (const name of Object.keys(given)) {
      if (name !== name.toLowerCase()) return undefined;
      addHeader(headers, name, given[name], this.#before[name]);
    }
    return headers;
  }

  /** Other code has answered: of the handler's answer, only its existence is known. */
  forgetAnswer(): void {
    const { statusCode } = this.#response;
    this.status = statusCode === this.status ? 200 : statusCode;
    this.headers = [];
  }

  /** Removes the headers that the handler has set. */
  reset(): void {
    const response = this.#response;
    const before = this.#before;
    for (const name of response.getHeaderNames()) {
      if (before[name] === undefined) response.removeHeader(name);
    }
    for (const name in before) {
      const value = before[name];
      if (value !== undefined) response.setHeader(name, value);
    }
    if (!this.isHttp2) response.statusMessage = '';
  }

  /**
   * Makes `headersSent` true and changes of the head errors; over HTTP/1 Node does both itself. An HTTP/2 response
   * whose stream is closed accepts no head.
   */
  show(): void {
    const response = this.#response;
    if (this.isHttp2) {
      if (isDestroyed(response)) return;
      overrideHeaderFunctions(response);
    }
    this.isShown = true;
    showHeadSent(response);
  }

  /** Reverts {@link show}. */
  hide(): void {
    if (!this.isShown) return;
    this.isShown = false;
    hideHeadSent(this.#response);
  }

  /**
   * The next write sends the head with the layer's own headers. It has the recorded status: later assignments had no
   * effect.
   */
  goOut({ headers, without }: Marks, setters: HeaderFunctions): void {
    const response = this.#response;
    this.hide();
    response.statusCode = this.status;
    if (!this.isHttp2) response.statusMessage = this.#statusMessage;
    for (const name of without) setters.removeHeader.call(response, name);
    for (const [name, value] of headers) setters.setHeader.call(response, name, value);
  }

  /** Does the same before the body has ended and before anything is recorded. */
  goOutFirst(setters: HeaderFunctions, echoed: readonly Header[]): void {
    this.goOut(marksOfHead(this.status, this.headers, echoed), setters);
    if (isDestroyed(this.#response)) this.show();
  }
}

/** Copies arrays too, since `appendHeader` changes them in place. */
export function snapshotHeaders(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  for (const name in headers) {
    const value = headers[name];
    if (Array.isArray(value)) headers[name] = [...value];
  }
  return headers;
}

/** Adds a header to those that were set, line by line, unless it had this value before. */
export function addHeader(
  headers: Header[],
  name: string,
  value: OutgoingHttpHeader | undefined,
  before: OutgoingHttpHeader | undefined,
): void {
  if (value === undefined || value === before) return;
  if (!Array.isArray(value)) headers.push([name, String(value)]);
  else if (!isSame(value, before)) for (const line of value) headers.push([name, line]);
}

/** True if two values of a header are equal. */
export function isSame(value: OutgoingHttpHeader | undefined, other: OutgoingHttpHeader | undefined): boolean {
  if (value === other) return true;
  if (!Array.isArray(value) || !Array.isArray(other)) return false;
  return value.length === other.length && value.every((line, index) => line === other[index]);
}

/** Whether Node accepts the status. */
export function isStatus(status: unknown): status is number {
  return typeof status === 'number' && status >= 100 && status <= 999;
}

/**
 * Applies `writeHead(status[, message][, headers])` without sending: the headers are set like any others. They may be
 * an object, a flat list of names and values, or a list of pairs; in lists, names may repeat.
 */
function applyHead(response: ServerResponse, args: readonly unknown[], setters: HeaderFunctions): void {
  const [status, second, third] = args;
  response.statusCode = Number(status);
  if (typeof second === 'string') response.statusMessage = second;
  const headers = typeof second === 'string' ? third : (third ?? second);
  if (Array.isArray(headers)) applyList(response, headers.flat(isPairs(headers) ? 1 : 0), setters);
  else if (typeof headers === 'object' && headers !== null)
    applyObject(response, headers as OutgoingHttpHeaders, setters);
}

function isPairs(headers: readonly unknown[]): boolean {
  return Array.isArray(headers[0]);
}

function applyObject(response: ServerResponse, headers: OutgoingHttpHeaders, { setHeader }: HeaderFunctions): void {
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined) setHeader.call(response, name, value);
  }
}

function applyList(response: ServerResponse, headers: readonly string[], setters: HeaderFunctions): void {
  const { appendHeader, removeHeader } = setters;
  for (let index = 0; index < headers.length; index += 2) removeHeader.call(response, headers[index] as string);
  for (let index = 0; index < headers.length; index += 2) {
    appendHeader.call(response, headers[index] as string, headers[index + 1] as string | readonly string[]);
  }
}
