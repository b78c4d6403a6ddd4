/**
 * What steps and messages may be called.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';

const maxNameLength = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about.
const controlCharacter = /[\u0000-\u001f\u007f]/;

/** @throws LatchkeyError `step-name-invalid`. */
export function checkStepName(what: 'step' | 'message', name: unknown): void {
  if (typeof name === 'string' && name !== '' && name.length <= maxNameLength && !controlCharacter.test(name)) return;
  throw new LatchkeyError(
    'step-name-invalid',
    `The name of a ${what} is a string of 1 to ${maxNameLength} characters, none of them a control character.`,
  );
}
