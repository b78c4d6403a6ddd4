/**
 * The head of a response: what the handler made of it, and how much of it the application takes for sent.
 *
 * @module
 */

import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Header, Marks } from '../../http/exchange.ts';
import { isHttp2 } from './http2.ts';
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
import { isDestroyed } from './response-writes.ts';

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
  #statusMessage = '';

  /** @param before - the headers that were set before the layer was entered. */
  constructor(response: ServerResponse, before: OutgoingHttpHeaders) {
    this.#response = response;
    this.#before = snapshotHeaders(before);
  }

  /** Remembers the head before the functions of earlier middleware see it: they add a content coding, for one. */
  note(headers?: readonly Header[]): void {
    const response = this.#response;
    this.isNoted = true;
    this.status = response.statusCode;
    this.#statusMessage = response.statusMessage;
    this.headers = headers ?? headersSetSince(response, this.#before);
    this.declaredLength = Number.parseInt(String(response.getHeader('content-length')), 10);
  }

  /** Does what `writeHead` says, but sends nothing; gives the headers, if they are known from that. */
  apply(args: readonly unknown[], setters: HeaderSetters): readonly Header[] | undefined {
    const headers = headersOfHead(this.#response, args[2] ?? args[1], this.#before);
    applyHead(this.#response, args, setters);
    return headers;
  }

  /** Takes back what the handler set. */
  reset(): void {
    restoreHeaders(this.#response, this.#before);
    this.#response.statusMessage = '';
  }

  /** A response over HTTP/2 whose stream is closed takes no head. */
  show(): void {
    if (isHttp2(this.#response) && isDestroyed(this.#response)) return;
    this.isShown = true;
    showHeadSent(this.#response);
  }

  hide(): void {
    if (this.isShown) hideHeadSent(this.#response);
    this.isShown = false;
  }

  /** The next write sends the head, with the layer's own headers. */
  goOut(marks: Marks, setters: HeaderSetters): void {
    this.hide();
    this.#putBack();
    applyMarks(this.#response, marks, setters);
  }

  /** Gives the response the status that was noted: assigning another one since had no effect. */
  #putBack(): void {
    this.#response.statusCode = this.status;
    if (this.#response.statusMessage !== this.#statusMessage) this.#response.statusMessage = this.#statusMessage;
  }
}
