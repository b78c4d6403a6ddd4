/**
 * The command `latchkey conformance`.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Invocation } from '../invocation.ts';
import { collect, count, duration } from '../options.ts';
import { keyFormats, profileNames } from './claims.ts';
import { gradeByOptions } from './grading.ts';
import type { ConformanceOptions } from './options.ts';
import { variants } from './template.ts';

/** Longer timers end at once. */
const longestTimerMs = 2 ** 31 - 1;

function wait(text: string): number {
  const ms = duration(text);
  if (ms > longestTimerMs) throw new InvalidArgumentError('It must be at most 24d.');
  return ms;
}

function list(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}

const after = `
Variants: ${Object.entries(variants)
  .map(([name, text]) => `${name} (${text})`)
  .join(', ')}.

Exit codes: 0 no row failed, 1 a row failed, 2 wrong use, 3 the target does not answer.`;

function addRequest(command: Command): Command {
  return command
    .optionsGroup('The request:')
    .option('--template <file>', 'JSON: method, headers, body, otherBody, variants')
    .option('--method <method>', 'default POST')
    .option('--header <line>', '"Name: value", repeatable; never shown in a report', collect)
    .option('--body <text>', 'the body, or @ and the name of a file')
    .option('--other-body <text>', 'another valid body; default: a number or a text of the body changed')
    .option(
      '--variant <name=json>',
      'what a variant changes, as in slow={"headers":{"X-Delay":"1000"}}; repeatable',
      collect,
    );
}

function addCounting(command: Command): Command {
  return command
    .optionsGroup('How executions are counted:')
    .option('--count-url <url>', 'a GET that answers with the number of executions')
    .option('--count-pointer <pointer>', 'the JSON Pointer of the number, or of a list, in that answer', '')
    .option('--execution-id <pointer>', 'the JSON Pointer of a member of the answers that is new at each execution');
}

function addClaims(command: Command): Command {
  return command
    .optionsGroup('What the target claims:')
    .option('--contract <url>', 'the URL of the JSON of guard.contract()')
    .addOption(new Option('--profile <name>', 'default ietf').choices(profileNames))
    .addOption(new Option('--key <when>', 'default optional; of acp required').choices(['required', 'optional']))
    .addOption(new Option('--key-format <format>', 'default lenient; of stripe, acp and ucp bare').choices(keyFormats))
    .option('--max-key-length <characters>', 'default 255', count)
    .addOption(
      new Option('--when-running <what>', 'what a duplicate gets; default conflict').choices(['conflict', 'wait']),
    )
    .addOption(new Option('--after-failure <what>', 'default refuse; of acp rerun').choices(['refuse', 'rerun']))
    .addOption(new Option('--compare <how>', 'default canonical; of ucp bytes').choices(['canonical', 'bytes']))
    .option('--ignore <pointer>', 'the JSON Pointer of a member that may differ; repeatable', collect)
    .option('--meaningful-header <name>', 'a header that is part of the payload; repeatable', collect)
    .option('--marker <header>', 'the header that is true on a replay; default Idempotent-Replayed')
    .option('--no-marker', 'replays are not marked')
    .option('--max-body <bytes>', 'the limit of a request', count)
    .option('--retention <duration>', 'how long a key is remembered, such as 24h', duration)
    .option('--origin <origin>', 'an origin whose scripts may call the target');
}

function addRun(command: Command): Command {
  return command
    .optionsGroup('The run:')
    .option('--start-command <command>', 'starts the target, for the rows on crashes')
    .option('--kill-command <command>', "kills it; default SIGKILL to the start command's process group")
    .option('--rows <list>', 'only some rows, as in R17,R31', list)
    .option('--yes', 'allows a target that is not on this machine')
    .option('--max-requests <number>', 'never send more', count, 500)
    .option(
      '--max-wait <duration>',
      'the longest wait for an answer under a key, also if Retry-After is longer',
      wait,
      10_000,
    )
    .option('--timeout <duration>', 'the longest wait for one response, and for a start', wait, 30_000)
    .optionsGroup('Reports:')
    .option('--json', 'print JSON')
    .option('--junit <file>', 'as JUnit XML')
    .option('--html <file>', 'as one HTML file');
}

/** Adds the command to the program. */
export function addConformance(program: Command, invocation: Invocation): void {
  const command = program
    .command('conformance')
    .argument('<url>', 'the endpoint')
    .description('Grades an HTTP endpoint in any language by what it does with idempotency keys.')
    .addHelpText('after', after);
  for (const add of [addRequest, addCounting, addClaims, addRun]) add(command);
  command.action(async (url: string, options: ConformanceOptions) => {
    const runtime = { now: invocation.now, monotonic: () => performance.now(), sleep, uuid: randomUUID };
    invocation.exitCode = await gradeByOptions(url, options, runtime, invocation);
  });
}
