/**
 * Compares two answers by their parts.
 *
 * @module
 */

import { type Answer, headerOf, summary, textOf } from '../client/answer.ts';
import type { Difference, Rule } from './difference.ts';

/** Headers that depend on the time of the answer. */
const moments: ReadonlySet<string> = new Set(['date', 'x-response-time', 'server-timing']);

/** The guard's own headers. */
const own: ReadonlySet<string> = new Set(['idempotency-status', 'idempotent-replayed', 'idempotency-stored']);

function namesOf(...answers: readonly Answer[]): Set<string> {
  const names = answers.flatMap(({ headers }) => headers.map(([name]) => name));
  return new Set(names.filter((name) => !moments.has(name) && !own.has(name)));
}

/** Headers that depend on the body, which contains the number of its execution. */
const followsBody: ReadonlySet<string> = new Set(['etag', 'content-length']);

/** Node's HTTP/2 client joins repeated headers, and white space after a semicolon is not significant. */
function headerIn(answer: Answer, name: string, other: Answer): string | undefined {
  const value = headerOf(answer, name)?.replaceAll('; ', ';');
  return [answer, other].some(({ protocol }) => protocol === 'http/2') ? value?.replaceAll(' | ', ', ') : value;
}

const unnumbered = (text: string) => text.replace(/"order":\d+/, '"order":1');

/**
 * All differences. @param ranAgain - true if the answer is from another execution, which has another number.
 */
export function compareAnswers(rule: Rule, expected: Answer, found: Answer, ranAgain = false): Difference[] {
  const differences: Difference[] = [];
  const compare = (part: string, a: unknown, b: unknown) => {
    if (a !== b) differences.push({ rule, part, expected: String(a).slice(0, 200), found: String(b).slice(0, 200) });
  };
  if (expected.status !== found.status) {
    compare('status', summary(expected), summary(found));
    return differences;
  }
  for (const name of namesOf(expected, found)) {
    if (ranAgain && followsBody.has(name)) continue;
    compare(`header ${name}`, headerIn(expected, name, found), headerIn(found, name, expected));
  }
  const bodyOf = (answer: Answer) => (ranAgain ? unnumbered(textOf(answer)) : textOf(answer));
  // How much of a broken answer arrives depends on the network.
  if (expected.complete || found.complete) compare('body', bodyOf(expected), bodyOf(found));
  compare('complete', expected.complete, found.complete);
  compare('informational', expected.informational.join(), found.informational.join());
  compare('trailers', expected.trailers.join(), found.trailers.join());
  compare('faults', expected.faults.join(), found.faults.join());
  return differences;
}
