/**
 * The plain views of a request and a response between an adapter and the HTTP layer. An adapter translates a
 * framework's objects into these and back; it decides nothing.
 *
 * @module
 */

/** A header as it goes over the wire. Repeated headers are repeated pairs. */
export type Header = readonly [name: string, value: string];

/** The body of a request, as far as an adapter can get at it. */
export type RequestBody =
  /** The bytes as received, a content coding not undone; empty if there is no body. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /**
   * A framework parsed it before, and kept no bytes; or bytes whose content coding it has undone. `hasFiles` is false if
   * the value is known to hold all of a form.
   */
  | { readonly kind: 'value'; readonly value: unknown; readonly hasFiles?: boolean }
  /** It is longer than the limit; reading stopped there. */
  | { readonly kind: 'too-large' }
  /** Somebody read it before and left nothing to look at: the guard is mounted in the wrong place. */
  | { readonly kind: 'consumed' }
  /** The client hung up in the middle of it. */
  | { readonly kind: 'broken' };

/** What the layer needs to know about a request. */
export interface RequestView<Native> {
  /** In upper case. */
  readonly method: string;
  /** The whole path and query as received, never a router's relative one. */
  readonly target: string;
  /** The framework's own request, for the functions that a route gives. */
  readonly native: Native;
  /** All values of a header, one entry for each header line; the name is given in lower case. */
  headers(name: string): readonly string[];
  /** Reads the body without taking it from the handler. Called at most once, after the key was accepted. */
  body(limitBytes: number): RequestBody | Promise<RequestBody>;
}

/** A whole response, ready to be written. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/**
 * What a handler answered, its end still held back by the adapter:
 * - `whole`: the body is all there.
 * - `too-large`: it went past the limit and its bytes were let go; it is still being sent, or was. Or there are none,
 *   since somebody in front of the guard has answered in place of the handler.
 * - `broken`: the stream ended with an error or was cut, so that the client has no whole body.
 */
export interface CapturedResponse {
  readonly status: number;
  /** The headers that were set after the layer was entered. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  readonly state: 'whole' | 'too-large' | 'broken';
  /** True if status and headers have gone out already, so that only the end can be held back. */
  readonly headSent: boolean;
  /** The handler's promise while it is not settled, where the adapter sees it apart from the response. */
  readonly stillRunning?: () => Promise<unknown> | undefined;
}

/** Headers of the layer's own on the handler's response. */
export interface Marks {
  /** To be set, in place of what the handler set. */
  readonly headers: readonly Header[];
  /** Names of headers that are not to go out. */
  readonly without: readonly string[];
}

/** What the adapter does next. */
export type GuardAnswer =
  /** The layer doesn't apply, or runs the request unprotected: the adapter calls the handler as if it weren't there. */
  | { readonly kind: 'pass' }
  /** Write this; whatever the handler made, if it ran at all, is not sent. */
  | { readonly kind: 'answer'; readonly response: PlainResponse }
  /** Let the captured response go, with these marks if its head has not been sent. */
  | { readonly kind: 'send'; readonly marks: Marks }
  /** The head is out and the true answer can't be given: cut the connection, so that the client knows it has none. */
  | { readonly kind: 'cut' };

/** How much of a response an adapter gathers. */
export interface CaptureLimits {
  /** Past it the adapter lets the bytes go and reports `too-large`. */
  readonly maxResponseBytes: number;
  /** A response whose client has gone counts as given up when nothing was written for a lease. */
  readonly settings: { readonly leaseMs: number };
}
