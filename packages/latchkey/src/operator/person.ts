/**
 * Who acts, and why.
 *
 * @module
 */

import { LatchkeyError } from '../core/errors.ts';

/** Who acts on a record, and why; the audit keeps both. */
export interface Person {
  /** The person's identity in the system that they signed in to; 1 to 200 characters, none a control character. The application answers for it. */
  readonly who: string;
  /** In the person's own words, for whoever reads the audit; 1 to 2,000 characters. Names no secret. */
  readonly why: string;
}

const maxName = 200;
const maxWhy = 2_000;

/**
 * A text that goes into the audit, trimmed.
 *
 * @throws LatchkeyError `option-invalid`.
 */
function checkText(name: string, value: unknown, most: number): string {
  const trimmed = typeof value === 'string' ? value.trim() : '';
  if (trimmed.length >= 1 && trimmed.length <= most) return trimmed;
  throw new LatchkeyError('option-invalid', `${name} must be a string of 1 to ${most} characters.`);
}

/**
 * A name: a text without control characters, so that it stays on one line wherever it is shown.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkName(name: string, value: unknown): string {
  const text = checkText(name, value, maxName);
  if (!/\p{Cc}/u.test(text)) return text;
  throw new LatchkeyError('option-invalid', `${name} must have no control characters.`);
}

/**
 * Trims both.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkPerson(person: Person): Person {
  return { who: checkName('who', person?.who), why: checkText('why', person?.why, maxWhy) };
}

/** A person who writes their name in another way, or with invisible characters, is the same one still. */
export function isSamePerson(a: string, b: string): boolean {
  const plain = (who: string) =>
    who
      .normalize('NFKC')
      .replaceAll(/\p{Cf}/gu, '')
      .trim()
      .toLowerCase();
  return plain(a) === plain(b);
}
