/** I2, I3, I5, I7: the clients' answers. */

import type { ToldEvent } from './events.ts';
import { answerOf, type KeyHistory, otherRequests, ownRequests } from './key-history.ts';

function isAcknowledged({ status, stored }: ToldEvent): boolean {
  return status === 201 && stored;
}

/** The store may be unavailable at any time, which does not affect earlier answers. */
function isNoAnswer({ status }: ToldEvent): boolean {
  return status === 0 || status === 503;
}

function acknowledgedAt(history: KeyHistory): number {
  const acknowledged = ownRequests(history).filter(isAcknowledged);
  return Math.min(...acknowledged.map(({ at }) => at));
}

/** The requests sent after the answer was acknowledged. */
function later(requests: readonly ToldEvent[], history: KeyHistory): readonly ToldEvent[] {
  const since = acknowledgedAt(history);
  return requests.filter((event) => event.sentAt > since && !isNoAnswer(event));
}

export const answerRules = {
  'I2: two answers': (history: KeyHistory) => {
    const answers = ownRequests(history).filter(isAcknowledged);
    const different = new Set(answers.map(({ fields, body }) => JSON.stringify([fields, body])));
    return different.size > 1 ? `${different.size} different answers` : undefined;
  },

  'I2: an acknowledged answer was lost': (history: KeyHistory) => {
    const other = later(ownRequests(history), history).find((event) => answerOf(event) === undefined);
    if (other !== undefined) return `then told ${other.status} ${other.code}`;
    const again = history.claims.find(({ sentAt }) => sentAt > acknowledgedAt(history));
    return again && `the key was claimed afterwards, as attempt ${again.attempt}`;
  },

  'I3: sent before it was stored': (history: KeyHistory) =>
    acknowledgedAt(history) < history.storedAt ? `acknowledged at ${acknowledgedAt(history)}` : undefined,

  'I5: another operation’s answer': ({ told }: KeyHistory) => {
    const mixed = told.find((event) => {
      const answer = answerOf(event);
      return answer !== undefined && (answer.key !== event.key || answer.payload !== event.payload);
    });
    return mixed && `told ${mixed.body}`;
  },

  'I5: another payload was not refused': (history: KeyHistory) => {
    const passed = later(otherRequests(history), history).find(({ status }) => status !== 422);
    return passed && `told ${passed.status} ${passed.code}`;
  },

  'I7: no time to come back': ({ told }: KeyHistory) =>
    told.some(({ code, retryAfter }) => code === 'store-unavailable' && !retryAfter)
      ? 'a 503 without Retry-After'
      : undefined,

  'in the end: no answer': (history: KeyHistory) => {
    const last = ownRequests(history).at(-1);
    if (last === undefined) return 'nobody asked';
    const mayBeUnknown = history.task.policy === 'refuse' && !history.undisturbed;
    const isUnknown = mayBeUnknown && last.code === 'outcome-unknown';
    return answerOf(last) !== undefined || isUnknown ? undefined : `told ${last.status} ${last.code}`;
  },
};
