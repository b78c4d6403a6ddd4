/** A worker's front: directly on the engine, or through the whole HTTP layer. */

import type { AnswerKind, Asked } from './history.ts';
import type { RoutePlan } from './plan.ts';

/** A request as it arrives at a worker. */
export interface Incoming extends Asked {
  readonly request: number;
  readonly principal: string;
  readonly key: string;
  readonly route: RoutePlan;
}

/** The worker's answer. */
export interface FrontAnswer {
  readonly kind: AnswerKind;
  readonly recorded?: string;
  readonly body?: string;
}

/** One worker's front. */
export interface Front {
  handle(incoming: Incoming): Promise<FrontAnswer>;
  /** Starts a completer; the returned function ends it. */
  complete(routes: readonly RoutePlan[]): () => void;
  /** Shuts down gracefully. */
  shutdown(timeoutMs: number): Promise<void>;
}
