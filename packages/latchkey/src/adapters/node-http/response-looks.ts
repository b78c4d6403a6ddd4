/**
 * How a response looks to the application while the layer holds it back: as it would without the layer.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';

/** What `node:http` keeps on a response: its own getters, and middleware, read these. HTTP/2 has other means. */
interface Internals {
  _header?: string | null;
  finished: boolean;
}

const headersSent = { value: true, configurable: true };
const ended = { value: true, configurable: true };

/** Makes `headersSent` true. */
export function showHeadSent(response: ServerResponse): void {
  const internals = response as unknown as Internals;
  if (Object.hasOwn(internals, '_header')) internals._header = 'held back';
  else Object.defineProperty(response, 'headersSent', headersSent);
}

/** Takes {@link showHeadSent} back. */
export function hideHeadSent(response: ServerResponse): void {
  const internals = response as unknown as Internals;
  if (Object.hasOwn(internals, '_header')) internals._header = null;
  else Reflect.deleteProperty(response, 'headersSent');
}

/**
 * Makes `writableEnded` true, and `finished` where that is safe: a pipelined response that has no socket yet would be
 * taken for one that has gone out, and of one that is written in pieces a middleware in front, compression for one, may
 * have pieces left to write.
 */
export function showEnded(response: ServerResponse, inPieces: boolean): void {
  const internals = response as unknown as Internals;
  if (Object.hasOwn(internals, '_header') && response.socket !== null && !inPieces) internals.finished = true;
  else Object.defineProperty(response, 'writableEnded', ended);
}

/** Takes {@link showEnded} back, as far as `end` looks at it. */
export function hideEnded(response: ServerResponse): void {
  const internals = response as unknown as Internals;
  if (Object.hasOwn(internals, '_header')) internals.finished = false;
}
