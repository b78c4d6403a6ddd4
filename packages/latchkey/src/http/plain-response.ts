/**
 * Checks whether a response that the application gives as an object can be sent.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';
import { headerNamePattern } from '../protocol/headers.ts';
import type { Header, PlainResponse } from './exchange.ts';
import { isResponse } from './response/fetch-response.ts';

/** Tab, space, visible ASCII and Latin-1 (RFC 9110 §5.5), as the frameworks allow. */
const headerValuePattern = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The error for an answer that can't be sent. */
export function unsendable(why: string): LatchkeyError {
  return new LatchkeyError('value-invalid', `The answer can't be sent: ${why}.`);
}

function isSendable([name, value]: Header): boolean {
  return headerNamePattern.test(name) && typeof value === 'string' && headerValuePattern.test(value);
}

/**
 * Checks an answer before it is stored. A stored answer is final, so it must be one that every framework can send.
 *
 * @throws LatchkeyError `value-invalid`.
 */
export function checkResponse(response: PlainResponse): void {
  const { status, headers, body } = response;
  if (isResponse(response)) throw unsendable('it must be { status, headers, body }; got a Response');
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw unsendable(`its status must be an integer from 200 to 599; got ${String(status)}`);
  if (!Array.isArray(headers)) throw unsendable('its headers must be an array');
  const malformed = headers.find((header) => !isSendable(header));
  if (malformed !== undefined) throw unsendable(`the header ${JSON.stringify(malformed[0])} is malformed`);
  if (!(body instanceof Uint8Array)) throw unsendable('its body must be a Uint8Array');
}
