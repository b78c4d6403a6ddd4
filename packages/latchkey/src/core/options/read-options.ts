/**
 * Reads the options of every factory of the library: reports unknown and invalid options by name, and fills in
 * defaults.
 *
 * @module
 */

import { LatchkeyError } from '../errors.ts';
import { type KnownName, nearestName } from './nearest-name.ts';
import type { Completed, OptionTable, Rule } from './rules.ts';

/** A table and its entries, as they are at run time. */
interface AnyTable {
  readonly [name: string]: AnyEntry;
}

type AnyGroup = { readonly members: AnyTable };
type AnyEntry = (Rule<unknown> & Partial<AnyGroup>) | AnyGroup;

/** The factory and its whole table, for error messages. */
interface Subject {
  readonly where: string;
  readonly table: AnyTable;
}

type Values = Readonly<Record<string, unknown>>;

const longestShown = 40;

/**
 * Checks options by their table.
 *
 * @param where - the factory, as errors name it: `redisStore`, `The guard`.
 * @param base - options that were read before and replace the defaults: the guard's for a route. An option that is
 * undefined counts as not set.
 * @returns all options, the defaults filled in.
 * @throws LatchkeyError `option-unknown`, which names the nearest option; `option-invalid`.
 */
export function readOptions<Options extends object, const Table extends OptionTable<Options>>(
  where: string,
  table: Table & OptionTable<Options>,
  given: Options,
  base?: object,
): Completed<Options, Table> {
  const subject: Subject = { where, table: table as unknown as AnyTable };
  checkIsOptions(where, given, Object.keys(table));
  return readMembers(subject, subject.table, '', given, base as Values | undefined) as Completed<Options, Table>;
}

/**
 * Checks one value.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function checkOption(where: string, name: string, value: unknown, rule: Rule<unknown>): void {
  const { accepts, demand, isPlain } = rule;
  if (!accepts(value)) throw invalidOption(where, name, demand, isPlain ? shown(value) : kindOf(value));
}

/**
 * Refuses anything but an object with options, and unknown names.
 *
 * @throws LatchkeyError `option-unknown`, `option-invalid`.
 */
export function checkNames(where: string, given: unknown, known: readonly string[]): void {
  checkIsOptions(where, given, known);
  const names = known.map((path) => ({ path }));
  for (const name of Object.keys(given)) if (!known.includes(name)) throw unknownOption(where, name, names, known);
}

function readMembers(subject: Subject, table: AnyTable, path: string, given: object, base: Values | undefined): Values {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue;
    throw unknownOption(subject.where, path + name, namesIn(subject.table), Object.keys(subject.table));
  }
  const read = Object.entries(table).map(([name, entry]) => {
    const value: unknown = Reflect.get(given, name);
    return [name, readEntry(subject, entry, path + name, value, base?.[name])];
  });
  return Object.fromEntries(read);
}

function readEntry(subject: Subject, entry: AnyEntry, path: string, given: unknown, before: unknown): unknown {
  const isGroup = !('accepts' in entry);
  const value = given === undefined && isGroup ? {} : given;
  if (entry.members !== undefined && isOptions(value)) {
    return readMembers(
      subject,
      entry.members,
      `${path}.`,
      Object(value),
      isGroup ? (before as Values | undefined) : undefined,
    );
  }
  if (isGroup) {
    const demand = `an object with ${Object.keys(entry.members).join(', ')}`;
    throw invalidOption(subject.where, path, demand, kindOf(value));
  }
  if (value === undefined && before !== undefined) return before;
  if (value === undefined && !entry.isRequired) return entry.default;
  checkOption(subject.where, path, value, entry);
  return value;
}

function namesIn(table: AnyTable, group = ''): readonly KnownName[] {
  return Object.entries(table).flatMap(([name, entry]) => [
    { path: group + name, elsewhere: 'accepts' in entry ? entry.elsewhere : undefined },
    ...namesIn(entry.members ?? {}, `${group}${name}.`),
  ]);
}

function unknownOption(
  where: string,
  name: string,
  known: readonly KnownName[],
  listed: readonly string[],
): LatchkeyError {
  const meant = nearestName(name, known);
  const hint = meant === undefined ? `Known are: ${listed.join(', ')}.` : `Did you mean ${JSON.stringify(meant)}?`;
  return new LatchkeyError('option-unknown', `${where} has no option ${JSON.stringify(name)}. ${hint}`);
}

function invalidOption(where: string, name: string, demand: string, found: string): LatchkeyError {
  return new LatchkeyError('option-invalid', `${where}: ${name} must be ${demand}; got ${found}.`);
}

function checkIsOptions(where: string, given: unknown, known: readonly string[]): asserts given is object {
  if (isOptions(given)) return;
  const list = known.slice(0, 3).join(', ');
  throw new LatchkeyError('option-invalid', `${where} takes an object with options (${list} …); got ${kindOf(given)}.`);
}

/** Whether a value is a plain object, of any realm. */
function isOptions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const { name } = value.constructor ?? {};
  return isOptions(value) ? 'an object' : `an instance of ${name || 'a class'}`;
}

/** Formats a value that is not secret. */
function shown(value: unknown): string {
  if (Object(value) === value || value === undefined) return kindOf(value);
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}
