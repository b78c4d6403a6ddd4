/**
 * One run of the tester: what it is going to send, the grades, the reports.
 *
 * @module
 */

import { closeSync, openSync, writeFileSync } from 'node:fs';
import { Failure, wrongUse } from '../failure.ts';
import { type ExitCode, exitCodes, type Invocation } from '../invocation.ts';
import { note, print, printJson } from '../terminal/print.ts';
import { Progress } from '../terminal/progress.ts';
import { type Claims, mergeClaims } from './claims.ts';
import { claimsIn } from './contract.ts';
import { applicable, grade } from './grade.ts';
import { type ConformanceOptions, claimsGiven, rowsNamed } from './options.ts';
import { Probe } from './probe.ts';
import { readTemplate, urlOf } from './read-template.ts';
import { type Redact, redactionFor, shownUrl } from './redaction.ts';
import { htmlOf } from './reports/html.ts';
import { junitOf } from './reports/junit.ts';
import { type Report, totalsOf } from './reports/report.ts';
import { tableOf } from './reports/table.ts';
import { NotSeen, type Row } from './row.ts';
import { type Counter, counterAt, counterOfMember } from './target/counting.ts';
import { described, isSuccess } from './target/signs.ts';
import { TargetProcess, TargetProcessError } from './target/target-process.ts';
import { RequestsSpent, type Runtime, Unanswered, Unreachable, Wire } from './target/wire.ts';
import type { Call, Template } from './template.ts';

/** What a run needs, read from the options. */
interface Setup {
  readonly options: ConformanceOptions;
  readonly template: Template;
  readonly rows: readonly Row[];
  readonly contract: Call | undefined;
  readonly count: Call | undefined;
}

/** A GET with the headers of the request, unless it goes to another server. */
function getOf(text: string | undefined, option: string, { url, headers }: Template): Call | undefined {
  if (text === undefined) return undefined;
  const address = urlOf(text, option);
  const own = address.origin === url.origin ? headers.filter(([name]) => name.toLowerCase() !== 'content-type') : [];
  return { method: 'GET', url: address, headers: own, body: undefined };
}

function expectPointers(option: string, values: readonly string[]): void {
  const wrong = values.find((value) => value !== '' && !value.startsWith('/'));
  if (wrong !== undefined) throw wrongUse(`${option} must be a JSON Pointer, as in /${wrong}`);
}

function setupOf(address: string, options: ConformanceOptions): Setup {
  const template = readTemplate(urlOf(address, 'The target'), options);
  const { countUrl, executionId, contract } = options;
  if (countUrl !== undefined && executionId !== undefined)
    throw wrongUse('Give --count-url or --execution-id, not both');
  const pointers = {
    '--count-pointer': [options.countPointer],
    '--execution-id': [executionId ?? ''],
    '--ignore': options.ignore ?? [],
  };
  for (const [option, values] of Object.entries(pointers)) expectPointers(option, values);
  if (options.killCommand !== undefined && options.startCommand === undefined)
    throw wrongUse('--kill-command needs --start-command');
  return {
    options,
    template,
    rows: rowsNamed(options.rows),
    contract: getOf(contract, '--contract', template),
    count: getOf(countUrl, '--count-url', template),
  };
}

/** Every request of the run, without those that rows derive. */
function callsOf({ template, count, contract }: Setup): readonly Call[] {
  return [template, ...Object.values(template.variants), count, contract].filter((call) => call !== undefined);
}

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Says what will be sent, before anything is. */
function announce(setup: Setup, invocation: Invocation): void {
  const { options, template, rows, contract, count } = setup;
  const claims = mergeClaims({}, claimsGiven(options));
  const chosen = contract === undefined ? applicable(rows, claims, template) : rows;
  const perRow = count === undefined ? 0 : 3;
  const planned = chosen.reduce((sum, row) => sum + row.requests + perRow, 2);
  const most = Math.min(planned, options.maxRequests);
  const calls = callsOf(setup);
  const places = new Set(calls.map((call) => `${call.method} ${shownUrl(call.url)}`));
  const remote = calls.map((call) => call.url).find(({ hostname }) => !loopback.test(hostname));
  note(
    invocation,
    `Sends about ${most} requests, and never more than ${options.maxRequests}, most of them executed: ${[...places].join(', ')}`,
  );
  if (remote !== undefined && options.yes !== true)
    throw wrongUse(`${remote.host} is not this machine: add --yes if these requests may be executed there`);
}

const uuidLength = 36;

async function readClaims({ options, contract }: Setup, wire: Wire): Promise<Claims> {
  const own = contract === undefined ? {} : claimsIn((await wire.send(contract)).body.toString());
  const claims = mergeClaims(own, claimsGiven(options));
  if (claims.maxKeyLength < uuidLength)
    throw wrongUse(
      `The tester's keys have ${uuidLength} characters: it cannot grade a target with --max-key-length ${claims.maxKeyLength}`,
    );
  return options.marker === false ? { ...claims, marker: undefined } : claims;
}

function counterOf({ options, count }: Setup, wire: Wire): Counter | undefined {
  if (count !== undefined) return counterAt(wire, count, options.countPointer);
  return options.executionId === undefined ? undefined : counterOfMember(options.executionId);
}

/** Without a successful answer to the plain request, and a counter that counts, no row means anything. */
async function tryOut(
  probe: Probe,
  counter: Counter | undefined,
  options: ConformanceOptions,
  redact: Redact,
): Promise<void> {
  const answer = await probe.send({ key: probe.newKey() });
  if (!isSuccess(answer)) {
    const got = redact(described(answer, probe.claims));
    throw wrongUse(`The request with a new key must succeed, but got ${got}. Check the template and --key-format`);
  }
  const count = await counter?.count();
  if (count === 0 && counter?.countsUnanswered === false)
    throw wrongUse(`The answer to the request has nothing at ${options.executionId}. Check --execution-id`);
}

/** @throws Failure if a report could not be written after the run. */
function checkFiles({ junit, html }: ConformanceOptions): void {
  for (const [option, file] of Object.entries({ junit, html })) {
    if (file === undefined) continue;
    try {
      closeSync(openSync(file, 'a'));
    } catch {
      throw wrongUse(`--${option}: cannot write the file ${file}`);
    }
  }
}

function write(report: Report, { json, junit, html }: ConformanceOptions, invocation: Invocation): void {
  if (json === true) printJson(invocation, report);
  else print(invocation, tableOf(report, invocation.stdout));
  if (junit !== undefined) writeFileSync(junit, junitOf(report));
  if (html !== undefined) writeFileSync(html, htmlOf(report));
}

async function gradeTarget(setup: Setup, runtime: Runtime, invocation: Invocation): Promise<ExitCode> {
  const { options, template, rows } = setup;
  const startedAt = runtime.now();
  const wire = new Wire({ maxRequests: options.maxRequests, timeoutMs: options.timeout }, runtime);
  const { startCommand: start, killCommand: kill, maxWait: maxWaitMs } = options;
  const process =
    start === undefined ? undefined : new TargetProcess({ start, kill }, template.url, runtime, options.timeout);
  try {
    await process?.start();
    const claims = await readClaims(setup, wire);
    const counter = counterOf(setup, wire);
    const probe = new Probe({ wire, template, claims, counter, process, runtime, maxWaitMs });
    const redact = redactionFor(callsOf(setup));
    await tryOut(probe, counter, options, redact);
    const progress = new Progress(invocation.stderr, 'Rows');
    const results = await grade(rows, probe, redact, (done) => progress.update(done, rows.length));
    progress.end();
    const totals = totalsOf(results);
    const counted = counter?.countsUnanswered === true ? 'by a counter' : 'by a member of the answers';
    write(
      {
        target: redact(shownUrl(template.url)),
        method: template.method,
        claims,
        counted: counter === undefined ? 'not counted' : counted,
        startedAt: new Date(startedAt).toISOString(),
        durationMs: runtime.now() - startedAt,
        requests: wire.sent,
        totals,
        results,
      },
      options,
      invocation,
    );
    return totals.failed > 0 ? exitCodes.found : exitCodes.done;
  } finally {
    // Neither the results nor an earlier error may be lost if the target does not end.
    await process?.end().catch((error: Error) => note(invocation, error.message));
  }
}

/**
 * Runs the command.
 *
 * @param address - the URL of the target.
 * @throws Failure
 */
export async function gradeByOptions(
  address: string,
  options: ConformanceOptions,
  runtime: Runtime,
  invocation: Invocation,
): Promise<ExitCode> {
  const setup = setupOf(address, options);
  announce(setup, invocation);
  checkFiles(options);
  try {
    return await gradeTarget(setup, runtime, invocation);
  } catch (error) {
    // Each row handles its own; these came before the first.
    if (error instanceof NotSeen || error instanceof RequestsSpent)
      throw wrongUse(`No row could be graded: ${error.message}`);
    const isUnreachable = [Unreachable, Unanswered, TargetProcessError].some((type) => error instanceof type);
    if (!isUnreachable) throw error;
    throw new Failure(exitCodes.unreachable, `The target does not answer: ${(error as Error).message}`);
  }
}
