/**
 * The interface of an application, for every framework.
 *
 * @module
 */

import type { Server } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { AfterFailure, Store } from 'latchkey/store';
import type { ManualRuntime } from 'latchkey/testing';
import type { Lambda } from '../../test/kit/lambdas.ts';
import type { Library } from '../world/library.ts';
import type { Plan } from '../world/plan.ts';
import type { Tools } from '../world/run-log.ts';

/** The settings of a guard, the same for all frameworks. */
export interface GuardSettings {
  readonly store: Store;
  readonly principal: () => string;
  readonly afterFailure: AfterFailure;
  readonly whenRunning: 'conflict' | { readonly waitMs: number };
  readonly timing: { readonly leaseMs: number; readonly maxRunMs: number };
  readonly log: false;
  readonly runtime: ManualRuntime;
}

/** The parameters of an application. */
export interface AppParts {
  readonly plan: Plan;
  readonly tools: Tools;
  readonly library: Library;
  /** Undefined for the unguarded application. */
  readonly settings: GuardSettings | undefined;
}

/** An application that does not listen yet. If there are two servers, they share one guard. */
export interface App {
  readonly http1: Server;
  readonly http2: Http2Server | undefined;
  /** The handler of an adapter for AWS Lambda, instead of servers. */
  readonly lambda?: Lambda | undefined;
  close(): Promise<void>;
}
