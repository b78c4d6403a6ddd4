/**
 * Compares what the handler saw with what it sees without the guard.
 *
 * @module
 */

import type { RunLog } from '../world/run-log.ts';
import type { Case, Difference } from './difference.ts';

const rule = 'the handler sees what it sees without the guard';

/**
 * The run for the first client is compared with the bare one in everything. Later ones come with other headers, and
 * see the same body.
 */
export function compareRuns(found: Case): Difference[] {
  return [...firstRun(found), ...bodies(found)];
}

function firstRun({ bare, guarded }: Case): Difference[] {
  const [run] = guarded.runs;
  const [expected] = bare.runs;
  if (guarded.runsBeforeRetry === 0 || run === undefined || expected === undefined) {
    return differs('runs', expected !== undefined, guarded.runsBeforeRetry > 0);
  }
  return [...views(expected, run), ...steps(expected, run), ...events(expected, run)];
}

function bodies({ reference, guarded }: Case): Difference[] {
  const expected = reference.runs[0]?.view['body'];
  return guarded.runs.flatMap(({ view }) => differs('body', expected, view['body']));
}

function views(expected: RunLog, found: RunLog): Difference[] {
  return Object.keys({ ...expected.view, ...found.view }).flatMap((name) =>
    differs(`view ${name}`, JSON.stringify(expected.view[name]), JSON.stringify(found.view[name])),
  );
}

function steps(expected: RunLog, found: RunLog): Difference[] {
  const count = Math.max(expected.steps.length, found.steps.length);
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const step = found.steps[index];
    return differs(`step ${index + 1}`, forgiving(expected.steps[index], step), step);
  });
}

/**
 * Middleware that puts off the end of an answer (it compresses it, or saves a session) makes a response look unended
 * after `end`. Behind the guard's own functions it looks ended: that is what a handler expects.
 */
function forgiving(expected: string | undefined, found: string | undefined): string | undefined {
  // Nobody gets what is written to a response whose connection is gone, and nothing says when its head is out.
  if ([expected, found].every((step) => step?.includes('"destroyed":true'))) return found;
  // What a call that throws leaves of the status means nothing: the head is out.
  if ([expected, found].every((step) => step?.includes('threw ERR_HTTP_HEADERS_SENT'))) return found;
  let text = expected;
  if (found?.includes('"writableEnded":true')) text = text?.replace('"writableEnded":false', '"writableEnded":true');
  // A response that has ended is destroyed a moment later, with or without a client.
  const [destroyed] = found?.match(/"destroyed":(?:true|false)/) ?? [];
  return destroyed === undefined ? text : text?.replace(/"destroyed":(?:true|false)/, destroyed);
}

function events(expected: RunLog, found: RunLog): Difference[] {
  return differs('events', [...expected.events].sort().join(), [...found.events].sort().join());
}

function differs(part: string, expected: unknown, found: unknown): Difference[] {
  return expected === found ? [] : [{ rule, part, expected: String(expected), found: String(found) }];
}
