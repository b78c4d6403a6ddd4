/**
 * `latchkey resolve`: a decision about a lapsed record.
 *
 * @module
 */

import { type Command, InvalidArgumentError } from 'commander';
import type { Answer } from 'latchkey';
import type { Decision, RecordDetails } from 'latchkey/operator';
import { personAllowing } from '../change.ts';
import { Failure, wrongUse } from '../failure.ts';
import { type ExitCode, exitCodes, type Invocation } from '../invocation.ts';
import {
  type AuditedFlags,
  addAuditedOptions,
  addStoreOptions,
  auditSettings,
  duration,
  type StoreFlags,
} from '../options.ts';
import { describeRecord } from '../record-text.ts';
import { type OpenedStore, readJson, withStore } from '../store.ts';
import { note, print, printJson } from '../terminal/print.ts';
import { printable } from '../terminal/text.ts';
import { findRecord } from './show.ts';

interface ResolveFlags extends StoreFlags, AuditedFlags {
  readonly respond?: string;
  readonly status?: number;
  readonly body?: string;
  readonly rerun?: boolean;
  readonly forget?: boolean;
  readonly claim?: string;
  readonly retention?: number;
}

/** Adds the command. */
export function addResolve(program: Command, invocation: Invocation): void {
  const command = program
    .command('resolve')
    .description('Decide about a lapsed record. Exit code 4 if it is no longer as it was shown.')
    .argument('<ref>', 'the reference or the id')
    .option('--respond <file>', 'answer every retry with a JSON file: status, headers and body')
    .option('--status <status>', 'answer every retry with this status', status)
    .option('--body <text>', 'the body for --status; JSON if it can be read as JSON')
    .option('--rerun', 'let the next request with the key run, after the saved steps')
    .option('--forget', 'delete the record; the next request with the key is a new operation')
    .option('--claim <claim>', 'the claim that show printed; fail if the record was claimed again')
    .option('--retention <duration>', "how long to keep the record, as your guards' (default: 24h)", duration);
  addStoreOptions(addAuditedOptions(command)).action(async (ref: string, flags: ResolveFlags) => {
    invocation.exitCode = await resolve(invocation, ref, flags);
  });
}

function status(text: string): number {
  if (/^[2-5]\d\d$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be an integer from 200 to 599.');
}

async function resolve(invocation: Invocation, ref: string, flags: ResolveFlags): Promise<ExitCode> {
  const { retention } = flags;
  const choose = choiceIn(flags);
  const settings = { ...auditSettings(flags), ...(retention !== undefined && { retentionMs: retention }) };
  return withStore(invocation, flags, (opened) => resolveIn(invocation, opened, ref, flags, choose), settings);
}

/** The decision for a record, and the question whether to carry it out. */
interface Choice {
  readonly decision: Decision;
  readonly question: string;
}

/** The decision depends on the record: an answer over HTTP, or the result of a function. */
type Choose = (record: RecordDetails) => Choice;

const rerunning: Choose = () => ({ decision: 'rerun', question: 'Let the next request with this key run?' });
const forgetting: Choose = () => ({ decision: 'forget', question: 'Delete this record, so that its key is new?' });

function choiceIn({ respond, status, body, rerun, forget }: ResolveFlags): Choose {
  const choices: Choose[] = [];
  if (respond !== undefined) choices.push(answering(readJson(respond, '--respond')));
  if (status !== undefined) choices.push(answering(answerOf(status, body)));
  if (rerun === true) choices.push(rerunning);
  if (forget === true) choices.push(forgetting);
  const [choose, ...others] = choices;
  if (choose === undefined || others.length > 0 || (body !== undefined && status === undefined))
    throw wrongUse('Pass one decision: --respond FILE, --status with --body, --rerun or --forget.');
  return choose;
}

/** For a record of `idempotent()`, the answer is `{ "value": … }` or `{ "failure": "message" }`. */
function answering(answer: unknown): Choose {
  return ({ kind }) => (kind === 'http' ? respondingWith(answer) : resultIn(answer));
}

/** The statuses of responses that have no body (RFC 9110 §15.3.5, §15.3.6 and §15.4.5). */
const bodiless: readonly unknown[] = [204, 205, 304];

/** Checks what the operator accepts and would store as another answer: it has a default status and drops such a body. */
function respondingWith(answer: unknown): Choice {
  const { status, headers, body } = Object(answer);
  if (status === undefined)
    throw wrongUse(
      'The file of --respond must be an object with status, headers and body. Add at least "status": 201.',
    );
  if (Array.isArray(headers)) throw wrongUse('The headers of --respond must be an object: { "Location": "/ch_1" }.');
  if (bodiless.includes(status) && (body ?? '') !== '')
    throw wrongUse(`A response with the status ${status} has no body. Leave it out, or use another status.`);
  return { decision: { response: answer as Answer }, question: `Give every retry the status ${status}?` };
}

function resultIn(answer: unknown): Choice {
  const [[name, content] = [], ...others] = Object.entries(Object(answer));
  if (others.length === 0 && name === 'value')
    return { decision: { value: content }, question: 'Give every further call this value?' };
  if (others.length === 0 && name === 'failure' && typeof content === 'string')
    return { decision: { failure: new Error(content) }, question: 'Let every further call fail with this?' };
  throw wrongUse(
    'The record is of a function: pass --respond with a file that has either "value", or "failure" with a message.',
  );
}

function answerOf(status: number, body: string | undefined): Answer {
  if (body === undefined) return { status };
  return isJson(body) ? { status, headers: { 'Content-Type': 'application/json' }, body } : { status, body };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function resolveIn(
  invocation: Invocation,
  { people, hasKeys }: OpenedStore,
  ref: string,
  flags: ResolveFlags,
  choose: Choose,
): Promise<ExitCode> {
  const record = await findRecord(invocation, people, ref);
  checkAsSeen(record, flags.claim);
  if (!hasKeys) refuseEncrypted(record);
  const view = { stdout: invocation.stdout, nowMs: invocation.now(), showBody: false };
  if (flags.json !== true) print(invocation, [...describeRecord(record, [], view), '']);
  const { decision, question } = choose(record);
  const person = await personAllowing(invocation, flags, printable(question));
  if (person === undefined) return exitCodes.found;
  const made = await people.resolve(record.id, record.token, decision, person);
  if (flags.json === true) printJson(invocation, { reference: record.reference, ...made });
  else print(invocation, [`Done: ${record.reference} is resolved, and the decision is in the audit.`]);
  if (made.outcome === 'applied' && !made.audited)
    note(invocation, 'The store failed afterwards, so the audit has the decision without its outcome.');
  return exitCodes.done;
}

function checkAsSeen({ state, token }: RecordDetails, claim: string | undefined): void {
  if (state !== 'lapsed')
    throw new Failure(exitCodes.changed, `The record is ${state}, so there is nothing to decide. Nothing was changed.`);
  if (claim !== undefined && claim !== token)
    throw new Failure(exitCodes.changed, 'The record was claimed again. Look at it again. Nothing was changed.');
}

/** An answer that is not encrypted could not be read by the guards of an encrypted store. */
function refuseEncrypted({ steps, request }: RecordDetails): void {
  if (!steps.some(({ unreadable }) => unreadable) && request?.kind !== 'unreadable') return;
  throw wrongUse('The record has values that can not be read. If the store is encrypted, pass --encryption-keys.');
}
