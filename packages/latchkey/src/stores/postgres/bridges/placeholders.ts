/**
 * Statements for clients that take no numbered placeholders.
 *
 * @module
 */

import type { PostgresValue } from './bridge.ts';

/** The text between the placeholders, and for each placeholder its value. */
export interface SplitStatement {
  readonly parts: readonly string[];
  readonly values: readonly PostgresValue[];
}

/** Cuts a statement at its `$1`, `$2`…; a value that is used twice comes twice. None of ours has a `$` elsewhere. */
export function splitAtPlaceholders(text: string, values: readonly PostgresValue[]): SplitStatement {
  const pieces = text.split(/\$(\d+)/);
  return {
    parts: pieces.filter((_, index) => index % 2 === 0),
    values: pieces.filter((_, index) => index % 2 === 1).map((number) => values[Number(number) - 1] ?? null),
  };
}
