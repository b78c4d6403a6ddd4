/**
 * What single options may be, and the rules of those that guards and functions share.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import { checkChoice, checkOptionNames, settingNames } from './check-options.ts';

/** Throws `option-invalid` unless the value will do. `where` names the guard, route or function in the message. */
export type Rule = (where: string, name: string, value: unknown) => void;

const LEAST_SECRET_BYTES = 32;

/** Values are not shown: a secret or a connection string may be among them. */
export const must =
  (accepts: (value: unknown) => boolean, demand: string): Rule =>
  (where, name, value) => {
    if (!accepts(value)) throw new LatchkeyError('option-invalid', `${where}: ${name} must be ${demand}.`);
  };

/** One of a few texts. */
export const oneOf =
  (...allowed: readonly string[]): Rule =>
  (where, name, value) =>
    checkChoice(where, name, value, allowed);

export const truth = must((value) => typeof value === 'boolean', 'true or false');
export const callable = must((value) => typeof value === 'function', 'a function');

export const isText = (value: unknown): value is string => typeof value === 'string';

/** An array of nothing but such items. */
export const listOf = (accepts: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(accepts);

/** An object that has these members. */
export const isObjectWith =
  (...names: readonly string[]) =>
  (value: unknown) =>
    typeof value === 'object' && value !== null && names.every((name) => name in value);

const isSecret = (item: unknown) =>
  (isText(item) ? Buffer.byteLength(item) : item instanceof Uint8Array ? item.length : 0) >= LEAST_SECRET_BYTES;

/** The options that guards and functions have alike. */
export const sharedRules = {
  allowVolatileStore: truth,
  fingerprintSecrets: must(listOf(isSecret), `an array of secrets of at least ${LEAST_SECRET_BYTES} bytes each`),
  log: must((value) => value === false || typeof value === 'function', 'a function or false'),
  onEvent: callable,
  runtime: must(isObjectWith('clock', 'timers', 'random'), 'an object with clock, timers and random'),
  store: (where, name, value) => {
    const demand = 'a store, such as memoryStore() or sqliteStore()';
    const isPromise = isObjectWith('then')(value);
    must(isObjectWith('claim', 'complete'), isPromise ? `${demand}; got a promise: await it first` : demand)(
      where,
      name,
      value,
    );
  },
} as const satisfies Readonly<Record<string, Rule>>;

/**
 * Refuses unknown names, and values that break their rule; an option that is undefined counts as not given, unless it
 * is `required`. The engine's settings are checked where they are completed.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function checkRules<Name extends string>(
  where: string,
  options: object,
  rules: Readonly<Record<Name, Rule>>,
  required: readonly Name[] = [],
): void {
  const byName: Readonly<Record<string, Rule>> = rules;
  checkOptionNames(where, options, [...Object.keys(byName), ...settingNames]);
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) byName[name]?.(where, name, value);
  }
  for (const name of required) rules[name](where, name, Reflect.get(options, name));
}
