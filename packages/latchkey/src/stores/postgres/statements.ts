/**
 * Every statement that the store runs, from the files of the folder `sql`.
 *
 * @module
 */

import { fill, type Names } from './names.ts';
import { texts } from './sql.generated.ts';

const statementNames = [
  'claim',
  'take',
  'replace',
  'renew',
  'complete',
  'release',
  'abandon',
  'save-step',
  'read',
  'list',
  'resolve-respond',
  'resolve-rerun',
  'resolve-forget',
  'erase',
  'sweep',
  'ping',
  'schema-version',
  'transaction-lock',
  'transaction-step',
  'transaction-result',
  'transaction-fate',
  'outbox-enqueue',
  'outbox-take',
  'outbox-delivered',
  'outbox-postpone',
  'outbox-retry',
  'outbox-list',
] as const satisfies (keyof typeof texts)[];

/** The name of a statement is that of its file. */
export type StatementName = (typeof statementNames)[number];

/** Statements with their tables' names filled in. */
export type Statements = Readonly<Record<StatementName, string>>;

const templates = statementNames.map((name) => [name, texts[name]] as const);

/** The statements on the tables of these names. */
export function statementsFor(names: Names): Statements {
  const filled = templates.map(([name, template]) => [name, fill(template, names.words)] as const);
  return Object.fromEntries(filled) as Statements;
}
