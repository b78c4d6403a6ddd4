/**
 * The parts of an option table: what one option may be, and its default. Each factory has one table of its options;
 * `readOptions` uses it to check them, and docs/options.md is generated from it.
 *
 * @module
 */

import type { Runtime } from '../runtime.ts';

/** What one option may be. `Default` is the type of its default, `undefined` if it has none. */
export interface Rule<Default = undefined> {
  /** What the value must be, for errors and docs: `an integer from 1 to 100`. */
  readonly demand: string;
  readonly accepts: (value: unknown) => boolean;
  readonly default: Default;
  /** True if the option must be given. */
  readonly isRequired?: boolean;
  /** True if an error may show the value; of others, which may hold a secret, only the type is shown. */
  readonly isPlain?: boolean;
  /** The option's names in other libraries, separated by spaces. */
  readonly elsewhere?: string;
}

/** Options under one name; a route's are merged with the guard's member by member. */
export interface Group<Members> {
  readonly members: Members;
}

/** One value, or an object with members: `'conflict'` or `{ waitMs }`. A route's replaces the guard's as a whole. */
export interface Alternative<Default, Members> extends Rule<Default>, Group<Members> {}

type Entry<Value> =
  | Rule<Value | undefined>
  | Group<Extract<Value, object> extends infer Members extends object ? OptionTable<Members> : never>;

/** A rule or a group for each option; the compiler reports a missing one. */
export type OptionTable<Options> = {
  readonly [Name in keyof Options]-?: Entry<Exclude<Options[Name], undefined>>;
};

/** The options with the defaults of their table. */
export type Completed<Options, Table> = {
  readonly [Name in keyof Options & keyof Table]: Table[Name] extends Rule<infer Default>
    ? Exclude<Options[Name], undefined> | Extract<Default, undefined>
    : Table[Name] extends Group<infer Members>
      ? Completed<Exclude<Options[Name], undefined>, Members>
      : never;
};

/** Maximum delay of a timer in milliseconds. */
export const longestTimerMs = 2 ** 31 - 1;

/** A rule for the values that `accepts` returns true for. */
export function must(demand: string, accepts: (value: unknown) => boolean): Rule {
  return { demand, accepts, default: undefined };
}

/** The same rule with a default. */
export function defaultTo<Default>(rule: Rule, value: Default): Rule<Default> {
  return { ...rule, default: value };
}

/** The same rule for an option that must be given. */
export function required(rule: Rule<unknown>): Rule<never> {
  return { ...rule, isRequired: true, default: undefined as never };
}

/** The same rule for an option that other libraries call by these names, separated by spaces. */
export function called<Default>(elsewhere: string, rule: Rule<Default>): Rule<Default> {
  return { ...rule, elsewhere };
}

/** The names of a store's client in other libraries. */
export const clientNames = 'connection db pool redis redisClient sql url';

/** The bounds of a number, and its default if it has one. */
interface Bounds<Default> {
  readonly min: number;
  /** Default: the largest safe integer. */
  readonly max?: number;
  readonly default?: Default;
}

/** A whole number. */
export function integer<Default extends number | undefined = undefined>(bounds: Bounds<Default>): Rule<Default> {
  const { min, max = Number.MAX_SAFE_INTEGER } = bounds;
  return {
    demand: bounds.max === undefined ? `an integer of at least ${min}` : `an integer from ${min} to ${max}`,
    accepts: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
    default: bounds.default as Default,
    isPlain: true,
  };
}

/** A time in milliseconds that a timer can be set to. */
export function timerMs(value: number, min = 1): Rule<number> {
  return integer({ min, max: longestTimerMs, default: value });
}

/** One of a few values; `first` is the default. */
export function oneOf<Choice extends string | number>(first: Choice, ...others: readonly Choice[]): Rule<Choice> {
  return { ...anyOf(first, ...others), default: first };
}

/** One of a few values, without a default. */
export function anyOf(...choices: readonly (string | number | boolean)[]): Rule {
  const list = choices.map((choice) => JSON.stringify(choice)).join(' or ');
  return { ...must(list, (value) => choices.some((choice) => choice === value)), isPlain: true };
}

/** An array whose items must all be accepted; `items` describes them, and `value` is the default. */
export function arrayOf<Item>(
  items: string,
  accepts: (item: unknown) => boolean,
  value: readonly Item[] = [],
): Rule<readonly Item[]> {
  return defaultTo(
    must(`an array of ${items}`, (given) => Array.isArray(given) && given.every(accepts)),
    value,
  );
}

/** True or false. */
export function flag(value: boolean): Rule<boolean> {
  return { demand: 'true or false', accepts: (given) => typeof given === 'boolean', default: value, isPlain: true };
}

/** A group of options. */
export function group<Members>(members: Members): Group<Members> {
  return { members };
}

/** A group without defaults, which may be left out. */
export function optionalGroup<Members>(members: Members): Alternative<undefined, Members> {
  return { ...must(`an object with ${Object.keys(Object(members)).join(' and ')}`, () => false), members };
}

/** A value that `rule` accepts, or an object with members. */
export function either<Default, Members>(rule: Rule<Default>, members: Members): Alternative<Default, Members> {
  return {
    ...rule,
    members,
    demand: `${rule.demand}, or an object with ${Object.keys(Object(members)).join(' and ')}`,
  };
}

/** Whether a value is a string. */
export const isText = (value: unknown): value is string => typeof value === 'string';

/** An object with these members. */
export const isObjectWith =
  (...names: readonly string[]) =>
  (value: unknown) =>
    typeof value === 'object' && value !== null && names.every((name) => name in value);

/** A function. */
export const callable = /* @__PURE__ */ must('a function', (value) => typeof value === 'function');

/** Clocks, timers and randomness. */
export function runtimeOr(value: Runtime): Rule<Runtime> {
  return defaultTo(must('an object with clock, timers and random', isObjectWith('clock', 'timers', 'random')), value);
}
