/** Exactly once: effects that commit with their record, and steps that call elsewhere under one key. */

import { answerOf, type KeyHistory } from './key-history.ts';

const isTransacted = ({ task }: KeyHistory) => task.doing === 'transaction' || task.doing === 'finish';

export const effectRules = {
  'exactly once: an effect twice': (history: KeyHistory) =>
    history.effects.length > 1 ? `${history.effects.length} rows` : undefined,

  'exactly once: an answer without its effect': (history: KeyHistory) => {
    const answer = history.told.map(answerOf).find((body) => body !== undefined);
    if (answer === undefined || !isTransacted(history)) return undefined;
    if (history.effects.length === 0) return 'no row';
    const isOwn = history.task.doing !== 'finish' || history.effects.includes(answer.run);
    return isOwn ? undefined : `the row of ${history.effects[0]}, the answer of ${answer.run}`;
  },

  'exactly once: another downstream key': ({ handlers }: KeyHistory) => {
    const keys = new Set(handlers.filter(({ type }) => type === 'effect').map(({ note }) => note));
    return keys.size > 1 ? `${keys.size} keys` : undefined;
  },
};
