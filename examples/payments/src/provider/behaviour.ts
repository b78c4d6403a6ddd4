/** The behaviours of the card provider. */

/** The behaviour for a payment. */
const behaviours = [
  /** Pays and answers. */
  'ok',
  /** Answers 500 without paying. */
  'fail',
  /** Answers 402: the card is declined. */
  'decline',
  /** Does not pay, and never answers. */
  'hang',
  /** Pays, and breaks the connection instead of answering. */
  'lose-answer',
  /** Pays, and sends the answer twice. */
  'answer-twice',
  /** Pays, and answers after two seconds. */
  'slow',
  /** Pays, and its process dies before it answers. */
  'die',
] as const;

/** The behaviour for a payment. */
export type Behaviour = (typeof behaviours)[number];

/** The behaviours of the next payments, and of all later ones. */
export interface Orders {
  /** The behaviours of the next payments, in order. */
  readonly next: Behaviour[];
  /** All later payments: one of these at random. */
  always: readonly Behaviour[];
}

/** Whether a text is the name of a behaviour. */
export function isBehaviour(text: unknown): text is Behaviour {
  return behaviours.some((behaviour) => behaviour === text);
}

/** Takes the behaviour of the next payment. `fraction` is a random number from 0 to 1. */
export function nextBehaviour({ next, always }: Orders, fraction: number): Behaviour {
  return next.shift() ?? always[Math.floor(fraction * always.length)] ?? 'ok';
}
