/** How a worker takes requests: through the engine itself, or through the whole HTTP layer. */

import type { AnswerKind, Asked } from './history.ts';
import type { RoutePlan } from './plan.ts';

/** A request as it arrives at a worker. */
export interface Incoming extends Asked {
  readonly request: number;
  readonly principal: string;
  readonly key: string;
  readonly route: RoutePlan;
}

/** What the worker answers. */
export interface FrontAnswer {
  readonly kind: AnswerKind;
  readonly recorded?: string;
  readonly body?: string;
}

/** One worker's way in. */
export interface Front {
  handle(incoming: Incoming): Promise<FrontAnswer>;
  /** Begins to finish what the dead have left; ended by what it returns. */
  complete(routes: readonly RoutePlan[]): () => void;
  /** Ends gracefully. */
  shutdown(timeoutMs: number): Promise<void>;
}
