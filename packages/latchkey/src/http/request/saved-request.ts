/**
 * A request as the bytes of a record, for whoever has to run it again without its client.
 *
 * The frame's head holds the method, the target, the principal (or null), and the headers' names and values in turn.
 *
 * @module
 */

import type { Header } from '../exchange.ts';
import { type FrameFormat, frame, headersIn, unframe, unreadable } from '../stored-frame.ts';

/** A request that its claim saved, as a completer's handler gets it. */
export interface SavedRequest {
  /** In upper case. */
  readonly method: string;
  /** Path and query, as they were received. */
  readonly url: string;
  /** Content-Type, and the headers that the route named in `request.save.headers`. */
  readonly headers: Headers;
  /** The bytes of the body; a content coding is undone if it is known here, and Content-Encoding is gone then. */
  readonly body: Uint8Array;
  /** Whom the request acts for, if the route said `request.save.principal`. */
  readonly principal: string | undefined;
  /** The operation's name in lists: method and path. */
  readonly operation: string;
  /** What stood in the path for each `:name` of the handler's pattern, percent-decoding done. */
  readonly params: Readonly<Record<string, string>>;
}

/** What the bytes hold. */
export interface RequestContent {
  readonly method: string;
  readonly target: string;
  readonly principal: string | undefined;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

const FORMAT: FrameFormat = { what: 'request', version: 1 };

/** Encodes a request. */
export function encodeRequest({ method, target, principal, headers, body }: RequestContent): Uint8Array {
  return frame(FORMAT, [method, target, principal ?? null, ...headers.flat()], body).whole;
}

function isTextOrNull(value: unknown): value is string | null {
  return typeof value === 'string' || value === null;
}

/**
 * Decodes what {@link encodeRequest} made. The body shares the record's memory.
 *
 * @throws LatchkeyError `record-unreadable` if the bytes are malformed or of a newer version.
 */
export function decodeRequest(bytes: Uint8Array): RequestContent {
  const { head, body } = unframe(FORMAT, bytes);
  const [method, target, principal] = head;
  if (typeof method !== 'string' || typeof target !== 'string' || !isTextOrNull(principal)) {
    throw unreadable(FORMAT, 'its head is malformed');
  }
  return { method, target, principal: principal ?? undefined, headers: headersIn(FORMAT, head, 3), body };
}
