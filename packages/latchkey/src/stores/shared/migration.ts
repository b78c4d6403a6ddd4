/** One step from one version of a store's tables to the next. */
export interface Migration {
  readonly version: number;
  /** A name for the file: `latchkey-1`. */
  readonly name: string;
  /** One or more statements, each of which ends with a semicolon. */
  readonly sql: string;
}

/** Numbers the migrations of a store, the oldest first. */
export function numbered(texts: readonly string[]): readonly Migration[] {
  return texts.map((sql, index) => ({ version: index + 1, name: `latchkey-${index + 1}`, sql }));
}
