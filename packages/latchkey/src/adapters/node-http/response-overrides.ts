/**
 * The functions that override those of a captured response. All responses share them, and they find their capture on
 * the response: closures for each request would cost more than the capture itself.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';

/** The interface that the overrides call. */
export interface Capture {
  readonly originals: Originals;
  write(chunk: unknown, encoding: unknown, callback: unknown): boolean;
  end(chunk: unknown, encoding: unknown, callback: unknown): void;
  writeHead(args: readonly unknown[]): void;
  /**
   * Called before a header is set or removed. False if the call must be ignored because the guard sends its own answer.
   *
   * @throws Error `ERR_HTTP_HEADERS_SENT`.
   */
  headChanges(): boolean;
  flushHeaders(): void;
  /** False if the response must not be destroyed now. */
  destroys(): boolean;
  closed(): void;
}

/** A function of a response, with any overloads. */
type Method<Result> = (this: ServerResponse, ...args: readonly unknown[]) => Result;

/** The functions that change headers. */
export interface HeaderFunctions {
  readonly setHeader: Method<unknown>;
  readonly appendHeader: Method<unknown>;
  readonly removeHeader: Method<void>;
}

/** The previous functions: Node's, or those of earlier middleware. */
export interface Originals extends HeaderFunctions {
  readonly write: Method<boolean>;
  readonly end: Method<unknown>;
  readonly writeHead: Method<unknown>;
  readonly flushHeaders: Method<void>;
  readonly destroy: Method<unknown>;
}

const capturing = Symbol('latchkey.capture');
const headerFunctions = Symbol('latchkey.headerFunctions');

interface Captured extends ServerResponse {
  [capturing]: Capture;
  [headerFunctions]: HeaderFunctions;
}

/** A response whose functions can be replaced. */
type Overridden = { [capturing]: Capture; [headerFunctions]: HeaderFunctions } & {
  -readonly [Name in keyof Originals]: unknown;
};

function write(this: Captured, chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
  return this[capturing].write(chunk, encoding, callback);
}

function end(this: Captured, chunk?: unknown, encoding?: unknown, callback?: unknown): unknown {
  this[capturing].end(chunk, encoding, callback);
  return this;
}

function writeHead(this: Captured, ...args: readonly unknown[]): unknown {
  this[capturing].writeHead(args);
  return this;
}

function flushHeaders(this: Captured): void {
  this[capturing].flushHeaders();
}

function destroy(this: Captured, ...args: readonly unknown[]): unknown {
  const capture = this[capturing];
  return capture.destroys() ? Reflect.apply(capture.originals.destroy, this, args) : this;
}

function setHeader(this: Captured, ...args: readonly unknown[]): unknown {
  return this[capturing].headChanges() ? Reflect.apply(this[headerFunctions].setHeader, this, args) : this;
}

function appendHeader(this: Captured, ...args: readonly unknown[]): unknown {
  return this[capturing].headChanges() ? Reflect.apply(this[headerFunctions].appendHeader, this, args) : this;
}

function removeHeader(this: Captured, ...args: readonly unknown[]): void {
  if (this[capturing].headChanges()) Reflect.apply(this[headerFunctions].removeHeader, this, args);
}

function onClose(this: Captured): void {
  this[capturing].closed();
}

/**
 * Sets the overrides on a response and returns the previous functions. {@link overrideHeaderFunctions} adds those of
 * the functions that change headers. Object.assign would take ten times as long.
 */
export function install(response: ServerResponse, capture: Capture): Originals {
  const found = response as unknown as Originals;
  const originals: Originals = {
    write: found.write,
    end: found.end,
    writeHead: found.writeHead,
    flushHeaders: found.flushHeaders,
    destroy: found.destroy,
    setHeader: found.setHeader,
    appendHeader: found.appendHeader,
    removeHeader: found.removeHeader,
  };
  const captured = response as unknown as Overridden;
  captured[capturing] = capture;
  captured.write = write;
  captured.end = end;
  captured.writeHead = writeHead;
  captured.flushHeaders = flushHeaders;
  captured.destroy = destroy;
  response.on('close', onClose);
  return originals;
}

/**
 * From here on the capture checks each change of a header. Most responses never need that: Node itself refuses changes
 * once a head has been sent, or looks sent.
 */
export function overrideHeaderFunctions(response: ServerResponse): void {
  if (headerFunctions in response) return;
  const captured = response as unknown as Overridden;
  const { setHeader: set, appendHeader: append, removeHeader: remove } = response as unknown as Originals;
  captured[headerFunctions] = { setHeader: set, appendHeader: append, removeHeader: remove };
  captured.setHeader = setHeader;
  captured.appendHeader = appendHeader;
  captured.removeHeader = removeHeader;
}

/** The head is sent: nothing is left to record, unless middleware after the guard has overridden the function again. */
export function letHeadPass(response: ServerResponse, { writeHead: original }: Originals): void {
  const captured = response as unknown as Overridden;
  if (captured.writeHead === writeHead) captured.writeHead = original;
}
