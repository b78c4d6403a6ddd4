/**
 * Statements for clients without numbered placeholders.
 *
 * @module
 */

import type { PostgresValue } from './bridge.ts';

/** The text between the placeholders, and the value of each placeholder. */
export interface SplitStatement {
  readonly parts: readonly string[];
  readonly values: readonly PostgresValue[];
}

/** Splits a statement at `$1`, `$2`…; a value that is used twice appears twice. The store's statements have no other `$`. */
export function splitAtPlaceholders(text: string, values: readonly PostgresValue[]): SplitStatement {
  const pieces = text.split(/\$(\d+)/);
  return {
    parts: pieces.filter((_, index) => index % 2 === 0),
    values: pieces.filter((_, index) => index % 2 === 1).map((number) => values[Number(number) - 1] ?? null),
  };
}
