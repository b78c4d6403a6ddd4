/**
 * Where the tables are: names that are quoted, and so may hold anything that PostgreSQL takes.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { LatchkeyError } from '../../core/errors.ts';

/** Names the tables. */
export interface TableNames {
  /** The schema, which must exist. Default `public`. */
  readonly schema?: string;
  /** What the names of the tables begin with. Default `latchkey_`. */
  readonly tablePrefix?: string;
}

/** PostgreSQL cuts longer names short, and then two may be one. */
const longestName = 63;

const suffixes = {
  records: 'records',
  outbox: 'outbox',
  schema_versions: 'schema_versions',
  never_committed: 'never_committed',
} as const;

/** The name of the constraint that refuses a commit before the end of a transaction. */
const guardSuffix = 'commit_belongs_to_the_store';

/** The templates' words, and the names that are not part of SQL. */
export interface Names {
  /** What stands for each word in braces. */
  readonly words: Readonly<Record<string, string>>;
  readonly schema: string;
  /** The channel of notices. */
  readonly channel: string;
  readonly guard: string;
}

/**
 * The names, quoted.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function namesOf(where: string, { schema = 'public', tablePrefix = 'latchkey_' }: TableNames): Names {
  const guard = `${tablePrefix}${guardSuffix}`;
  checkName(where, 'schema', schema, schema);
  checkName(where, 'tablePrefix', tablePrefix, guard);
  const qualify = (suffix: string) => `${quoted(schema)}.${quoted(tablePrefix + suffix)}`;
  const tables = Object.entries(suffixes).map(([word, suffix]) => [word, qualify(suffix)] as const);
  return {
    schema,
    channel: channelOf(schema, tablePrefix),
    guard,
    words: {
      ...Object.fromEntries(tables),
      schema: quoted(schema),
      commit_guard: quoted(guard),
      index_by_expiry: quoted(`${tablePrefix}records_by_expiry`),
      outbox_by_due: quoted(`${tablePrefix}outbox_by_due`),
      index_by_principal: quoted(`${tablePrefix}records_by_principal`),
    },
  };
}

/** An identifier in double quotes. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Puts the names into a template.
 *
 * @throws TypeError if the template holds a word that has no name.
 */
export function fill(template: string, words: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, word: string) => {
    const name = words[word];
    if (name === undefined) throw new TypeError(`The template names ${word}, which nothing stands for.`);
    return name;
  });
}

function checkName(where: string, option: string, value: unknown, longest: string): void {
  if (typeof value === 'string' && !value.includes('\0') && longest !== '' && Buffer.byteLength(longest) <= longestName)
    return;
  const room = option === 'schema' ? longestName : longestName - guardSuffix.length;
  throw new LatchkeyError('option-invalid', `${where}: ${option} must be a text of at most ${room} bytes.`);
}

/** Two stores in one database must not hear each other; what is cut off a long name makes that possible, and no more. */
function channelOf(schema: string, tablePrefix: string): string {
  return Buffer.from(`${tablePrefix}${schema}`).subarray(0, longestName).toString('utf8').replaceAll('\uFFFD', '');
}
