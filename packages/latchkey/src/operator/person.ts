/**
 * The person who acts, and the reason.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';

/** The person who acts on a record, and the reason; the audit keeps both. */
export interface Person {
  /**
   * The person's id in your sign-in system: 1 to 200 characters without control characters. The application must verify
   * it.
   */
  readonly who: string;
  /** The reason, for readers of the audit: 1 to 2,000 characters. It must not contain secrets. */
  readonly why: string;
}

const maxName = 200;
const maxWhy = 2_000;

/**
 * Checks and trims a string for the audit.
 *
 * @throws LatchkeyError `option-invalid`.
 */
function checkText(name: string, value: unknown, most: number): string {
  const trimmed = typeof value === 'string' ? value.trim() : '';
  if (trimmed.length >= 1 && trimmed.length <= most) return trimmed;
  throw new LatchkeyError('option-invalid', `${name} must be a string of 1 to ${most} characters.`);
}

/**
 * Checks a name: a string without control characters, so that it stays on one line.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkName(name: string, value: unknown): string {
  const text = checkText(name, value, maxName);
  if (!/\p{Cc}/u.test(text)) return text;
  throw new LatchkeyError('option-invalid', `${name} must have no control characters.`);
}

/**
 * Checks and trims both.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkPerson(person: Person): Person {
  return { who: checkName('who', person?.who), why: checkText('why', person?.why, maxWhy) };
}

/** Whether two names are the same apart from case, width, surrounding spaces and invisible characters. */
export function isSamePerson(a: string, b: string): boolean {
  const plain = (who: string) =>
    who
      .normalize('NFKC')
      .replaceAll(/\p{Cf}/gu, '')
      .trim()
      .toLowerCase();
  return plain(a) === plain(b);
}
