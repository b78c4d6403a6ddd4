/**
 * Parses the URL of a store. Messages only contain the names of schemes and parameters, since the URL may hold a
 * password.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import { checkNames, checkOption } from '../../core/options/read-options.ts';
import { anyOf, integer } from '../../core/options/rules.ts';

/** The kind of a parameter: any text, a number, `true` or `false`, or one of some words. */
type ParameterKind = 'text' | 'number' | 'flag' | readonly string[];

type ValueOf<Kind> = Kind extends 'text'
  ? string
  : Kind extends 'number'
    ? number
    : Kind extends 'flag'
      ? boolean
      : Kind extends readonly (infer Choice)[]
        ? Choice
        : never;

/** The given parameters, with types by their kinds. */
type ParametersOf<Kinds> = { [Name in keyof Kinds]?: ValueOf<Kinds[Name]> };

/** Maximum number of connections of a pool; servers allow fewer. */
export const connectionsRule = integer({ min: 1, max: 10_000, default: 10 });

/** The error for an invalid URL. */
export function invalidUrl(message: string): LatchkeyError {
  return new LatchkeyError('option-invalid', `storeFromUrl: ${message}`);
}

/**
 * Parses a URL.
 *
 * @throws LatchkeyError `option-invalid`.
 */
function parseStoreUrl(text: string): URL {
  if (!URL.canParse(text)) throw invalidUrl('the URL of the store can not be read; is it like redis://localhost:6379?');
  const url = new URL(text);
  for (const part of [url.username, url.password, url.hostname, url.pathname]) decoded(part);
  if (url.hash !== '') throw invalidUrl('the URL must not contain "#"; write one in a password as %23.');
  return url;
}

/**
 * Parses a URL and finds the entry of its scheme.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function schemeOf<Entry>(
  text: string,
  schemes: Readonly<Record<string, Entry>>,
): { readonly url: URL; readonly found: Entry } {
  const url = parseStoreUrl(text);
  if (url.protocol === 'mysql:')
    throw invalidUrl(
      'MySQL is not supported: the MariaDB store was never tested on it. For a MariaDB server, write mariadb:',
    );
  const found = Object.hasOwn(schemes, url.protocol) ? schemes[url.protocol] : undefined;
  if (found === undefined) throw invalidUrl(`the URL must begin with one of: ${Object.keys(schemes).join(' ')}`);
  return { url, found };
}

/**
 * Reads the parameters of a URL.
 *
 * @throws LatchkeyError `option-unknown` for a parameter that is not in `kinds`; `option-invalid` if one appears twice
 * or is not one of its choices.
 */
export function parametersOf<const Kinds extends Readonly<Record<string, ParameterKind>>>(
  url: URL,
  kinds: Kinds,
): ParametersOf<Kinds> {
  const where = `storeFromUrl: a ${url.protocol} URL`;
  const given = Object.fromEntries(url.searchParams);
  checkNames(where, given, Object.keys(kinds));
  if (url.searchParams.size > Object.keys(given).length) throw invalidUrl('the URL has a parameter twice.');
  const values = Object.entries(given).map(([name, text]) => [name, read(where, name, text, kinds[name] ?? 'text')]);
  return Object.fromEntries(values);
}

function read(where: string, name: string, text: string, kind: ParameterKind): string | number | boolean {
  if (kind === 'text') return text;
  // The store checks the bounds of numbers, and refuses other values.
  if (kind === 'number') return /^\d+$/.test(text) ? Number(text) : Number.NaN;
  checkOption(where, name, text, anyOf(...(kind === 'flag' ? ['true', 'false'] : kind)));
  return kind === 'flag' ? text === 'true' : text;
}

/** A part of a URL, percent-decoded. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalidUrl('the URL has a "%" that begins no code; write %25.');
  }
}

/** All entries except those with these names. */
export function without<Values extends object, Name extends keyof Values>(
  values: Values,
  names: Readonly<Record<Name, unknown>>,
): Omit<Values, Name> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !(name in names))) as Omit<Values, Name>;
}
