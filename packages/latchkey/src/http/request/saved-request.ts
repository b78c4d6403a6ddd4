/**
 * A saved request as bytes of a record, to rerun it without its client. The head of the frame holds the method, the
 * target, the principal (or null), and alternating names and values of the headers.
 *
 * @module
 */

import type { Header } from '../exchange.ts';
import { type FrameFormat, frame, headersIn, unframe, unreadable } from '../stored-frame.ts';

/** A saved request, as a completer's handler gets it. */
export interface SavedRequest {
  /** In upper case. */
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  /** Content-Type and the headers in the route's `request.save.headers`. */
  readonly headers: Headers;
  /** The bytes of the body. A known content coding is decoded, and Content-Encoding removed. */
  readonly body: Uint8Array;
  /** The principal of the request, if the route has `request.save.principal`. */
  readonly principal: string | undefined;
  /** The display name of the operation: method and path. */
  readonly operation: string;
  /** The percent-decoded value in the path for each `:name` of the handler's pattern. */
  readonly params: Readonly<Record<string, string>>;
}

/** The encoded parts of a request. */
export interface RequestContent {
  readonly method: string;
  readonly target: string;
  readonly principal: string | undefined;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** True if the answer must be stored as a reference, by `response.reference`. */
  readonly byReference?: boolean | undefined;
}

const FORMAT: FrameFormat = { what: 'request', version: 1 };
/**
 * The route has `response.reference`. A release that only knows version 1 must not run the request, since it would store
 * the body of the answer.
 */
const BY_REFERENCE: FrameFormat = { what: 'request', version: 2 };

/** Encodes a request. */
export function encodeRequest(content: RequestContent): Uint8Array {
  const { method, target, principal, headers, body, byReference } = content;
  return frame(byReference ? BY_REFERENCE : FORMAT, [method, target, principal ?? null, ...headers.flat()], body).whole;
}

function isTextOrNull(value: unknown): value is string | null {
  return typeof value === 'string' || value === null;
}

/**
 * Decodes the output of {@link encodeRequest}. The body shares the record's memory.
 *
 * @throws LatchkeyError `record-unreadable` if the bytes are malformed or of a newer version.
 */
export function decodeRequest(bytes: Uint8Array): RequestContent {
  const byReference = bytes[0] === BY_REFERENCE.version || undefined;
  const { head, body } = unframe(byReference ? BY_REFERENCE : FORMAT, bytes);
  const [method, target, principal] = head;
  if (typeof method !== 'string' || typeof target !== 'string' || !isTextOrNull(principal)) {
    throw unreadable(FORMAT, 'its head is malformed');
  }
  const headers = headersIn(FORMAT, head, 3);
  return { method, target, principal: principal ?? undefined, headers, body, byReference };
}
