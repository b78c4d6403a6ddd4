/**
 * The names of the tables. They are quoted, so any name that PostgreSQL accepts is allowed.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { guardSuffix, longestName, type TableNames } from './options.ts';

const suffixes = {
  records: 'records',
  outbox: 'outbox',
  schema_versions: 'schema_versions',
  never_committed: 'never_committed',
} as const;

/** The words of the templates, and the names that are not part of SQL. */
export interface Names {
  /** The replacement of each word in braces. */
  readonly words: Readonly<Record<string, string>>;
  readonly schema: string;
  /** The channel of notifications. */
  readonly channel: string;
  readonly guard: string;
}

/** The names, quoted. */
export function namesOf({ schema, tablePrefix }: Required<TableNames>): Names {
  const guard = `${tablePrefix}${guardSuffix}`;
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
 * Fills the names into a template.
 *
 * @throws TypeError if the template holds a word that has no name.
 */
export function fill(template: string, words: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, word: string) => {
    const name = words[word];
    if (name === undefined) throw new TypeError(`The template has an unknown placeholder: ${word}.`);
    return name;
  });
}

/** Stores in one database need separate channels. A truncated long name may be shared, which only causes extra reads. */
function channelOf(schema: string, tablePrefix: string): string {
  return Buffer.from(`${tablePrefix}${schema}`).subarray(0, longestName).toString('utf8').replaceAll('\uFFFD', '');
}
