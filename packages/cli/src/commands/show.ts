/**
 * `latchkey show`: the life of one record.
 *
 * @module
 */

import type { Command } from 'commander';
import {
  type Operator,
  type PrincipalSource,
  type RecordAddress,
  type RecordDetails,
  recordIdOf,
} from 'latchkey/operator';
import { Failure, wrongUse } from '../failure.ts';
import { type ExitCode, exitCodes, type Invocation } from '../invocation.ts';
import {
  addPrincipalOptions,
  addStoreOptions,
  collect,
  type PrincipalFlags,
  principalIn,
  type StoreFlags,
} from '../options.ts';
import { describeRecord } from '../record-text.ts';
import { withStore } from '../store.ts';
import { print, printJson } from '../terminal/print.ts';
import { Progress } from '../terminal/progress.ts';

interface ShowFlags extends StoreFlags, PrincipalFlags {
  readonly key?: string;
  readonly anonymous?: boolean;
  readonly method?: string;
  readonly path?: string;
  readonly scope?: string;
  readonly function?: string;
  readonly step: readonly string[];
  readonly showBody?: boolean;
}

/** Adds the command. */
export function addShow(program: Command, invocation: Invocation): void {
  const command = program
    .command('show')
    .description("Show a record by its reference or id, or by a customer's key. Exit code 1 if it does not exist.")
    .argument('[ref]', 'the reference of an error answer, such as 4T0V9M2KXQ7H, or the id')
    .option('--key <key>', "the customer's key, with --method and --path");
  addPrincipalOptions(command)
    .option('--anonymous', "for a guard with principal: 'anonymous'")
    .option('--method <method>', 'the method of the request')
    .option('--path <path>', 'the whole path of the request')
    .option('--scope <name>', "the route's scope, in place of --method and --path")
    .option('--function <name>', 'the name of a function of idempotent(), in place of --method and --path')
    .option('--step <name>', 'also show the key of this step, if it was neither saved nor marked', collect, [])
    .option('--show-body', 'show the request and the results of steps, which may be personal data');
  addStoreOptions(command).action(async (ref: string | undefined, flags: ShowFlags) => {
    invocation.exitCode = await show(invocation, ref, flags);
  });
}

const otherAddress = 'the key, the principal or the operation is not the same';

async function show(invocation: Invocation, ref: string | undefined, flags: ShowFlags): Promise<ExitCode> {
  const wanted = ref ?? recordIdOf(await addressIn(invocation, flags));
  if (ref !== undefined && flags.key !== undefined) throw wrongUse('Pass either a reference or --key.');
  return withStore(invocation, flags, async ({ people }) => {
    const record = await findRecord(invocation, people, wanted, ref === undefined ? otherAddress : undefined);
    const extraSteps = flags.step.map((name) => ({
      name,
      idempotencyKey: people.idempotencyKey(record.operationId, name),
    }));
    const showBody = flags.showBody === true;
    if (flags.json === true) printJson(invocation, { ...shownIn(record, showBody), askedSteps: extraSteps });
    else {
      const view = { stdout: invocation.stdout, nowMs: invocation.now(), showBody };
      print(invocation, [...describeRecord(record, extraSteps, view), ...adviceFor(record)]);
    }
    return exitCodes.done;
  });
}

function adviceFor({ state, reference }: RecordDetails): string[] {
  if (state !== 'lapsed') return [];
  return [
    '',
    `To decide: latchkey resolve ${reference} --status 201 --body TEXT | --respond FILE | --rerun | --forget`,
  ];
}

/** The record for JSON: without the request and the results of steps, unless these were asked for. */
function shownIn(record: RecordDetails, showBody: boolean): object {
  if (showBody) return record;
  const { request, ...others } = record;
  return { ...others, steps: record.steps.map(({ value: _, ...step }) => step), hasRequest: request !== undefined };
}

/**
 * Finds a record by its reference or its id.
 *
 * @param otherwise - what else can be the reason if it does not exist.
 * @throws Failure if it does not exist.
 */
export async function findRecord(
  invocation: Invocation,
  people: Operator,
  ref: string,
  otherwise = 'the reference or id is wrong',
): Promise<RecordDetails> {
  const isReference = /^[\dA-HJKMNP-TV-Z]{12}$/i.test(ref);
  const progress = new Progress(invocation.stderr, 'Searching all records, lapsed ones first …');
  if (isReference) progress.begin();
  const record = await (isReference ? people.find(ref) : people.show(ref)).finally(() => progress.end());
  if (record !== undefined) return record;
  throw new Failure(exitCodes.found, `There is no such record. It may have expired, or ${otherwise}.`);
}

async function addressIn(invocation: Invocation, flags: ShowFlags): Promise<RecordAddress> {
  const { key } = flags;
  if (key === undefined)
    throw wrongUse('Name the record: a reference, or --key with --principal, --method and --path.');
  const operation = operationIn(flags);
  return { key, principal: await sourceIn(invocation, flags), operation };
}

async function sourceIn(invocation: Invocation, flags: ShowFlags): Promise<PrincipalSource> {
  const source = await principalIn(invocation, flags);
  const isAnonymous = flags.anonymous === true;
  if (isAnonymous && source === undefined) return { anonymous: true };
  if (source !== undefined && !isAnonymous) return source;
  // The calls of a function without the option `principal` share their keys.
  if (source === undefined && flags.function !== undefined) return '';
  throw wrongUse('Pass one of --principal, --authorization and --anonymous.');
}

function operationIn({ method, path, scope, function: name }: ShowFlags): RecordAddress['operation'] {
  const isRequest = method !== undefined && path !== undefined;
  if (isRequest && scope === undefined && name === undefined) return { method, path };
  if (method === undefined && path === undefined) {
    if (scope !== undefined && name === undefined) return { scope };
    if (name !== undefined && scope === undefined) return { function: name };
  }
  throw wrongUse('Pass --method with --path, or --scope, or --function.');
}
