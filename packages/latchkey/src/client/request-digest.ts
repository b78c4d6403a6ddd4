/**
 * A digest of a request, kept beside its key, so that another request under the same name is noticed.
 *
 * @module
 */

import { comparableBody, type PreparedRequest } from './request-bytes.ts';

/**
 * 32 bits of method, path and body (FNV-1a), begun with the key. Short on purpose: it can't confirm a guess of what
 * the body held, and a request that has it by chance is refused by the server (`key-reused`). Without the origin, so
 * that a client may fall back to another host name.
 */
export function requestDigest(key: string, request: PreparedRequest): number {
  const { pathname, search } = new URL(request.url);
  const text = `${key} ${request.method} ${pathname}${search}\n${comparableBody(request)}`;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
