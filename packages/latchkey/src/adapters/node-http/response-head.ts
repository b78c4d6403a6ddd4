/**
 * The head of a response: what the handler made of it, and how much of it the application takes for sent.
 *
 * @module
 */

import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Header, Marks } from '../../http/exchange.ts';
import { marksOfHead } from '../../http/response/marks.ts';
import {
  applyHead,
  applyMarks,
  type HeaderSetters,
  type HeaderSnapshot,
  headersOfHead,
  headersSetSince,
  restoreHeaders,
  snapshotHeaders,
} from './response-headers.ts';
import { hideHeadSent, showHeadSent } from './response-looks.ts';
import { overrideHeaderFunctions } from './response-overrides.ts';
import { isDestroyed, isHttp2 } from './response-writes.ts';

/** See the module. */
export class NodeResponseHead {
  /** True once the head is what it will be. */
  isNoted = false;
  /** True while `headersSent` is true although the head has not gone out. */
  isShown = false;
  status = 0;
  headers: readonly Header[] = [];
  declaredLength = Number.NaN;
  readonly #response: ServerResponse;
  readonly #before: HeaderSnapshot;
  readonly #isHttp2: boolean;
  #statusMessage = '';

  /** @param before - the headers that were set before the guard was entered. */
  constructor(response: ServerResponse, before: OutgoingHttpHeaders) {
    this.#response = response;
    this.#isHttp2 = isHttp2(response);
    this.#before = snapshotHeaders(before);
  }

  /** Remembers the head before the functions of earlier middleware see it: they add a content coding, for one. */
  note(headers?: readonly Header[]): void {
    const response = this.#response;
    this.isNoted = true;
    this.status = response.statusCode;
    if (!this.#isHttp2) this.#statusMessage = response.statusMessage;
    this.headers = headers ?? headersSetSince(response, this.#before);
    const length = response.getHeader('content-length');
    if (length !== undefined) this.declaredLength = Number.parseInt(String(length), 10);
  }

  /** Does what `writeHead` says, but sends nothing; gives the headers, if they are known from that. */
  apply(args: readonly unknown[], setters: HeaderSetters): readonly Header[] | undefined {
    const headers = headersOfHead(this.#response, args[2] ?? args[1], this.#before);
    applyHead(this.#response, args, setters);
    return headers;
  }

  /** Somebody else has answered: of the handler's answer no more is known than that there is one. */
  forgetAnswer(): void {
    const { statusCode } = this.#response;
    this.status = statusCode === this.status ? 200 : statusCode;
    this.headers = [];
  }

  /** Takes back what the handler set. */
  reset(): void {
    restoreHeaders(this.#response, this.#before);
    if (!this.#isHttp2) this.#response.statusMessage = '';
  }

  /**
   * Makes `headersSent` true, and changes of the head an error: over HTTP/1 Node sees to both by itself. A response over
   * HTTP/2 whose stream is closed takes no head.
   */
  show(): void {
    const response = this.#response;
    if (this.#isHttp2 && isDestroyed(response)) return;
    if (this.#isHttp2) overrideHeaderFunctions(response);
    this.isShown = true;
    showHeadSent(response);
  }

  /** Takes {@link show} back. */
  hide(): void {
    if (this.isShown) hideHeadSent(this.#response);
    this.isShown = false;
  }

  /**
   * The next write sends the head, with the layer's own headers. It has the status that was noted: assigning another one
   * since had no effect.
   */
  goOut(marks: Marks, setters: HeaderSetters): void {
    const response = this.#response;
    this.hide();
    response.statusCode = this.status;
    if (!this.#isHttp2) response.statusMessage = this.#statusMessage;
    applyMarks(response, marks, setters);
  }

  /** The same before the body has ended, and before anything is recorded. */
  goOutFirst(setters: HeaderSetters): void {
    this.goOut(marksOfHead(this.status, this.headers), setters);
    if (isDestroyed(this.#response)) this.show();
  }
}
