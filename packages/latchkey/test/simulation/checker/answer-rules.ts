/** I2, I3 and I5: one answer, stored before it was sent, and the operation's own. */

import type { Answered } from '../world/history.ts';
import { type At, type Facts, isAccepted, type OperationFacts, storesAnswer } from './facts.ts';

/** The content of a handler's answer. */
export interface AnswerBody {
  /** Missing from an operator's answer. */
  readonly scope?: string;
  readonly payload?: string;
  readonly operationId: string;
  readonly execution: number | string;
  readonly outcome: string;
  readonly values: readonly string[];
}

/** Parses an answer; undefined for an incomplete one. */
export function bodyOf({ body }: { readonly body?: string }): AnswerBody | undefined {
  try {
    return body === undefined ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Answers that the client may rely on: stored, or replayed from what is stored. */
function isAcknowledged({ kind, recorded }: Answered): boolean {
  return kind === 'replay' || (kind === 'executed' && recorded === 'stored');
}

function answersOf({ answers }: Facts, { id }: OperationFacts): readonly At<Answered>[] {
  return answers.filter((answer) => isAcknowledged(answer) && bodyOf(answer)?.operationId === id);
}

/** Whether another operation has taken the record afterwards. */
function isSucceeded({ operations }: Facts, { id, claims }: OperationFacts): boolean {
  const [first] = claims;
  return operations.some(({ id: other, claims: [claim] }) => {
    return other !== id && claim?.record === first?.record && (claim?.index ?? 0) > (first?.index ?? 0);
  });
}

function isSameAnswer(facts: Facts, answer: At<Answered>, operation: OperationFacts): boolean {
  const { kind, payload } = answer;
  if (kind === 'unavailable' || kind === 'replay' || kind === 'tombstone') return true;
  const own = payloadOf(facts, operation);
  return kind === 'mismatch' && (own === undefined || payload !== own);
}

/** The operation's payload, if a handler ever saw its fingerprint. */
function payloadOf({ executions }: Facts, { claims, scope }: OperationFacts): string | undefined {
  const fingerprint = claims.at(-1)?.fingerprint;
  const seen = executions.find(({ began, claim }) => began.scope === scope && claim?.fingerprint === fingerprint);
  return seen?.began.payload;
}

export const answerRules = {
  'I2: one answer': (facts: Facts) =>
    facts.operations.flatMap((operation) => {
      const bodies = new Set(answersOf(facts, operation).map(({ body }) => body));
      return bodies.size > 1 ? [`operation ${operation.id} has ${bodies.size} answers`] : [];
    }),

  'I2: an answer was taken back': (facts: Facts) =>
    facts.operations.flatMap((operation) => {
      const { stored, scope } = operation;
      if (stored === undefined || scope === undefined || isSucceeded(facts, operation)) return [];
      return facts.answers
        .filter((answer) => answer.scope === scope && (facts.sent.get(answer.request)?.index ?? 0) > stored.index)
        .filter((answer) => !isSameAnswer(facts, answer, operation))
        .map(
          ({ request, kind }) => `request ${request} was told ${kind} after the answer of ${operation.id} was stored`,
        );
    }),

  'I3: stored before sent': (facts: Facts) =>
    facts.answers.filter(isAcknowledged).flatMap((answer) => {
      const id = bodyOf(answer)?.operationId;
      const operation = facts.operations.find((candidate) => candidate.id === id);
      const isStored = operation?.writes.some(
        (write) => storesAnswer(write) && isAccepted(write) && write.index < answer.index,
      );
      return isStored === true ? [] : [`request ${answer.request} was told an answer that is not stored`];
    }),

  'I5: no other operation’s answer': (facts: Facts) =>
    facts.answers.flatMap(({ request, scope, payload, ...answer }) => {
      const body = bodyOf(answer);
      const isOwn = (body?.scope ?? scope) === scope && (body?.payload ?? payload) === payload;
      return isOwn ? [] : [`request ${request} for ${scope} ${payload} was told ${answer.body}`];
    }),

  'I8: an answer is whole or not there': (facts: Facts) =>
    facts.answers
      .filter((answer) => answer.body !== undefined && bodyOf(answer) === undefined)
      .map(({ request, body }) => `request ${request} was told ${body}`),

  'I5: a mismatch needs another payload': (facts: Facts) =>
    facts.answers.flatMap(({ request, scope, payload, kind, index }) => {
      if (kind !== 'mismatch') return [];
      const others = [...facts.sent.values()].filter((sent) => sent.scope === scope && sent.index < index);
      return others.some((other) => other.payload !== payload) ? [] : [`request ${request} was refused for no reason`];
    }),
};
