/** How to make the card provider misbehave. */

/** What it does with a payment. */
const behaviours = [
  /** Carries it out and answers. */
  'ok',
  /** Answers 500, and does nothing. */
  'fail',
  /** Answers 402: the card is declined. */
  'decline',
  /** Does nothing, and never answers. */
  'hang',
  /** Carries it out, and breaks the connection in place of an answer. */
  'lose-answer',
  /** Carries it out, and sends the answer twice over. */
  'answer-twice',
  /** Carries it out, and answers after two seconds. */
  'slow',
  /** Carries it out, and its process dies before it answers. */
  'die',
] as const;

/** What it does with a payment. */
export type Behaviour = (typeof behaviours)[number];

/** What comes next, and afterwards. */
export interface Orders {
  /** For so many payments to come, in order. */
  readonly next: Behaviour[];
  /** For all that follow: one of these at random. */
  always: readonly Behaviour[];
}

/** Whether a text names a behaviour. */
export function isBehaviour(text: unknown): text is Behaviour {
  return behaviours.some((behaviour) => behaviour === text);
}

/** What to do with the next payment. `fraction` is from 0 to 1. */
export function nextBehaviour({ next, always }: Orders, fraction: number): Behaviour {
  return next.shift() ?? always[Math.floor(fraction * always.length)] ?? 'ok';
}
