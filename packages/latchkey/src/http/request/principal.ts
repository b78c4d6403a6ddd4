/**
 * The principal: the user or account on whose behalf a request acts.
 *
 * @module
 */

import { hash } from 'node:crypto';
import { chain } from '../../core/support/thenable.ts';
import type { Exchange } from '../exchange.ts';
import type { Principal } from '../options.ts';
import { type Problem, problem } from '../problems/problems.ts';

/** A principal, or the problem to answer with. */
export type PrincipalReading = { readonly principal: string } | { readonly problem: Problem };

/** Schemes whose credentials change with each request or session (RFC 7616, 4559, 9421, 9449 and others). */
const unstableSchemes: ReadonlySet<string> = new Set([
  'aws4-hmac-sha256',
  'digest',
  'dpop',
  'hawk',
  'hmac',
  'mutual',
  'negotiate',
  'ntlm',
  'oauth',
  'scram-sha-1',
  'scram-sha-256',
  'signature',
]);

/** Three parts are a JWS, five a JWE (RFC 7519 §3). */
const jwtShape = /^([\w-]+)\.[\w-]*\.[\w-]*(?:\.[\w-]*\.[\w-]*)?$/;

function isJwt(token: string): boolean {
  const header = jwtShape.exec(token)?.[1];
  return header !== undefined && Buffer.from(header, 'base64url').toString('latin1').trimStart().startsWith('{');
}

function credentialsOf(line: string): { readonly scheme: string; readonly credentials: string } {
  const trimmed = line.trim();
  const space = trimmed.indexOf(' ');
  if (space < 0) return { scheme: '', credentials: /^(?:basic|bearer)$/i.test(trimmed) ? '' : trimmed };
  return { scheme: trimmed.slice(0, space).toLowerCase(), credentials: trimmed.slice(space + 1).trim() };
}

/** The scheme is case-insensitive (RFC 9110 §11.1). From here on, only a digest of the credentials is used. */
function fromAuthorization(lines: readonly string[]): PrincipalReading {
  const { scheme, credentials } = credentialsOf(lines[0] ?? '');
  if (lines.length !== 1 || credentials === '') return { problem: problem('principal-missing') };
  if (unstableSchemes.has(scheme) || isJwt(credentials)) return { problem: problem('principal-unstable') };
  return { principal: `authorization:${hash('sha256', `${scheme} ${credentials}`, 'base64url')}` };
}

const weakKey = 'Without credentials the key must be unguessable. Send a random UUID.';

function anonymous(key: string): PrincipalReading {
  return isUnguessable(key) ? { principal: '\0anonymous' } : { problem: problem('key-invalid', { detail: weakKey }) };
}

/** JavaScript functions may return anything. */
function identified(principal: unknown): PrincipalReading {
  if (typeof principal === 'string' && principal !== '') return { principal };
  const isMissing = principal === undefined || principal === null || principal === '' || Number.isNaN(principal);
  if (isMissing) return { problem: problem('guard-before-authentication') };
  const detail = `The principal function returned a value of type ${typeof principal}. Return a string, such as String(user.id).`;
  return { problem: problem('principal-invalid', { detail }) };
}

/**
 * Determines the principal of a request. An error of the principal function is rethrown: the application refuses the
 * request. Its return value is used unchanged, so that `store.erase(principalDigest(id))` finds its records.
 */
export function readPrincipal<Native>(
  principal: Principal<Native>,
  request: Pick<Exchange<Native>, 'native' | 'headers'>,
  key: string,
): PrincipalReading | Promise<PrincipalReading> {
  if (principal === 'authorization') return fromAuthorization(request.headers('authorization'));
  if (principal === 'anonymous') return anonymous(key);
  const identity = principal(request.native);
  return typeof identity === 'string' ? identified(identity) : chain(identity, identified);
}

/** The entropy of a random UUID, in bits. */
const UUID_BITS = 122;

/** A value with fewer different characters than this is not random: only one UUID in five million has fewer. */
const LEAST_DISTINCT = 8;

const symbolClasses: readonly (readonly [pattern: RegExp, symbols: number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^a-zA-Z0-9]/, 2],
];

function bitsPerCharacter(key: string): number {
  if (/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(key)) return /^[0-9]+$/.test(key) ? Math.log2(10) : 4;
  return Math.log2(symbolClasses.reduce((sum, [pattern, symbols]) => sum + (pattern.test(key) ? symbols : 0), 0));
}

/**
 * Whether a key could have the entropy of a UUID. The estimate is an upper bound from the key's length and its kinds of
 * characters: decimal or hexadecimal digits, letters by case, and all punctuation as two symbols. Hyphens between
 * hexadecimal digits don't count. A key with fewer than 8 different characters never passes. The check rejects
 * counters, dates and order numbers; it can't distinguish a random value from a long name.
 *
 * @example
 * ```ts
 * isUnguessable('8e03978e-40d5-43dd-bc93-6894a57f9324') // true
 * isUnguessable('order-1001') // false
 * ```
 */
export function isUnguessable(key: string): boolean {
  const digits = key.replaceAll('-', '');
  const counted = /^[0-9a-f]*$/i.test(digits) ? digits : key;
  return new Set(counted).size >= LEAST_DISTINCT && counted.length * bitsPerCharacter(counted) >= UUID_BITS;
}
