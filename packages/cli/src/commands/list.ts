/**
 * `latchkey list`: records in one state.
 *
 * @module
 */

import { type Command, Option } from 'commander';
import type { Operator, RecordEntry, RecordListRequest } from 'latchkey/operator';
import { wrongUse } from '../failure.ts';
import { type ExitCode, exitCodes, type Invocation } from '../invocation.ts';
import {
  addPrincipalOptions,
  addStoreOptions,
  addStuckOption,
  count,
  type PrincipalFlags,
  principalDigestIn,
  type StoreFlags,
  type StuckFlags,
  stuckSettings,
} from '../options.ts';
import { withStore } from '../store.ts';
import { note, print, printJson } from '../terminal/print.ts';
import { Progress } from '../terminal/progress.ts';
import { table } from '../terminal/table.ts';
import { printable, styled } from '../terminal/text.ts';
import { roughly } from '../terminal/times.ts';

interface ListFlags extends StoreFlags, PrincipalFlags, StuckFlags {
  readonly state: RecordListRequest['state'];
  readonly limit: number;
  readonly cursor?: string;
}

/** A page of records; `read` is the number of records among which a principal's were searched. */
interface Found {
  readonly records: readonly RecordEntry[];
  readonly next?: string;
  readonly read?: number;
}

const states = ['lapsed', 'stuck', 'running', 'open', 'completed'];
const largestPage = 1_000;
/** Maximum number of records that one search for a principal reads. */
const mostRead = 100_000;

/** Adds the command. */
export function addList(program: Command, invocation: Invocation): void {
  const command = program
    .command('list')
    .description('List records in one state. Exit code 1 if it lists lapsed or stuck ones.')
    .addOption(new Option('--state <state>', 'the state').choices(states).default('lapsed'))
    .option('--limit <n>', 'maximum number of records, up to 1,000', count, 50)
    .option('--cursor <cursor>', 'the next page, as the previous one names it');
  addPrincipalOptions(addStoreOptions(addStuckOption(command))).action(async (flags: ListFlags) => {
    invocation.exitCode = await list(invocation, flags);
  });
}

async function list(invocation: Invocation, flags: ListFlags): Promise<ExitCode> {
  if (flags.limit > largestPage) throw wrongUse(`--limit must be an integer from 1 to ${largestPage}.`);
  const principal = await principalDigestIn(invocation, flags);
  const search = (people: Operator) =>
    principal === undefined ? nextPage(people, flags) : searchPrincipal(invocation, people, flags, principal);
  const found = await withStore(invocation, flags, ({ people }) => search(people), stuckSettings(flags));
  if (flags.json === true) printJson(invocation, { state: flags.state, ...found });
  else printFound(invocation, flags.state, found);
  const needsPerson = flags.state === 'lapsed' || flags.state === 'stuck';
  return needsPerson && found.records.length > 0 ? exitCodes.found : exitCodes.done;
}

function pageOf(people: Operator, { state, cursor }: Pick<ListFlags, 'state' | 'cursor'>, limit: number) {
  return people.list({ state, limit, ...(cursor !== undefined && { cursor }) });
}

/** An empty page may be followed by others, since stuck records are searched among the lapsed ones. */
async function nextPage(people: Operator, { state, limit, cursor }: ListFlags): Promise<Found> {
  let page = await pageOf(people, { state, ...(cursor !== undefined && { cursor }) }, limit);
  while (page.records.length === 0 && page.next !== undefined)
    page = await pageOf(people, { state, cursor: page.next }, limit);
  return page;
}

/** Stores can't look up a principal, so it reads the state's records, a bounded number of them. */
async function searchPrincipal(
  invocation: Invocation,
  people: Operator,
  flags: ListFlags,
  principal: string,
): Promise<Found> {
  const { state, limit } = flags;
  const progress = new Progress(invocation.stderr, `Reading ${state} records:`);
  const records: RecordEntry[] = [];
  let { cursor: next } = flags;
  let read = 0;
  try {
    do {
      const from = { state, ...(next !== undefined && { cursor: next }) };
      const page = await pageWithin(people, from, principal, limit - records.length);
      records.push(...page.records.filter((record) => record.principal === principal));
      read += page.records.length;
      next = page.next;
      progress.update(read);
    } while (next !== undefined && records.length < limit && read < mostRead);
  } finally {
    progress.end();
  }
  return { records, read, ...(next !== undefined && { next }) };
}

/** A page with at most `most` records of a principal. One with more is read again up to there, for the cursor. */
async function pageWithin(
  people: Operator,
  from: Pick<ListFlags, 'state' | 'cursor'>,
  principal: string,
  most: number,
): Promise<Found> {
  let size = largestPage;
  for (;;) {
    const page = await pageOf(people, from, size);
    const excess = page.records.filter((record) => record.principal === principal)[most];
    if (excess === undefined) return page;
    size = page.records.indexOf(excess);
  }
}

function printFound(invocation: Invocation, state: string, { records, next, read }: Found): void {
  const { stdout } = invocation;
  if (records.length > 0) {
    const [head = '', ...rows] = table([columns, ...records.map((record) => rowOf(record, invocation.now()))]);
    print(invocation, [styled(stdout, 'bold', head), ...rows]);
  } else if (read === undefined) note(invocation, `There are no ${state} records.`);
  if (read !== undefined)
    note(invocation, `Searched ${read} ${state} records only; ${records.length} of them are of this principal.`);
  if (next !== undefined) note(invocation, `There may be more: --cursor ${printable(next)}`);
}

const columns = ['REFERENCE', 'STATE', 'AGE', 'POLICY', 'ATTEMPT', 'STEPS', 'OPERATION'];

function rowOf(record: RecordEntry, nowMs: number): readonly string[] {
  const { reference, state, stuck, createdAtMs, policy, attempt, steps, begun, operation } = record;
  return [
    reference,
    stuck ? 'stuck' : state,
    roughly(nowMs - createdAtMs),
    policy,
    String(attempt),
    begun.length === 0 ? String(steps.length) : `${steps.length}+${begun.length}`,
    printable(operation),
  ];
}
