/** One step from one version of a store's tables to the next. */
export interface Migration {
  readonly version: number;
  /** A name for the file: `latchkey-1`. */
  readonly name: string;
  /** One or more statements, each of which ends with a semicolon. */
  readonly sql: string;
}
