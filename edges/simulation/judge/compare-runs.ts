/**
 * Compares the handler's observations with those without the guard.
 *
 * @module
 */

import type { RunLog } from '../world/run-log.ts';
import type { Case, Difference } from './difference.ts';

const rule = 'the handler sees what it sees without the guard';

/**
 * The run of the first client is compared completely with the bare one. Later runs have other headers and the same
 * body.
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
 * Middleware that delays the end of an answer (to compress it or save a session) leaves a response unended after `end`.
 * With the guard's functions it is ended, as a handler expects.
 */
function forgiving(expected: string | undefined, found: string | undefined): string | undefined {
  // Writes to a response with a closed connection are lost, and it is not visible when its head is sent.
  if ([expected, found].every((step) => step?.includes('"destroyed":true'))) return found;
  // The status after a call that throws is not significant, since the head was sent.
  if ([expected, found].every((step) => step?.includes('threw ERR_HTTP_HEADERS_SENT'))) return found;
  let text = expected;
  if (found?.includes('"writableEnded":true')) text = text?.replace('"writableEnded":false', '"writableEnded":true');
  // An ended response is destroyed a moment later, with or without a client.
  const [destroyed] = found?.match(/"destroyed":(?:true|false)/) ?? [];
  return destroyed === undefined ? text : text?.replace(/"destroyed":(?:true|false)/, destroyed);
}

function events(expected: RunLog, found: RunLog): Difference[] {
  return differs('events', [...expected.events].sort().join(), [...found.events].sort().join());
}

function differs(part: string, expected: unknown, found: unknown): Difference[] {
  return expected === found ? [] : [{ rule, part, expected: String(expected), found: String(found) }];
}
