/**
 * Runs one kind of handler on the Fetch API or on Hono, and records its observations.
 *
 * @module
 */

import type { RunLog, Tools } from '../world/run-log.ts';
import type { HttpContext } from './context.ts';
import { ending } from './node-order.ts';

/** One request of a handler. */
export interface FetchOrder {
  readonly log: RunLog;
  readonly tools: Tools;
  /** The handler's default answer, which contains the body that it read. */
  readonly text: string;
  /** The guard's context; undefined without a guard. */
  readonly context: HttpContext | undefined;
}

/** One way to answer. */
export type FetchKind<C = unknown> = (order: FetchOrder, c: C) => Response | Promise<Response>;

/** The parameters of a handler. */
export interface FetchSetup {
  readonly tools: Tools;
  readonly pauses: boolean;
  /** Reads the body in the application's way. */
  readonly read: () => Promise<string>;
  readonly context: HttpContext | undefined;
}

/** Runs a handler of this kind. */
export async function runFetchKind<C>(
  kind: FetchKind<C>,
  request: Request,
  c: C,
  setup: FetchSetup,
): Promise<Response> {
  const { tools, pauses, read, context } = setup;
  const log = tools.begin();
  request.signal.addEventListener('abort', () => log.events.add('request aborted'));
  return ending(log, async () => {
    const saw = await read().catch((error: unknown) => `UNREADABLE ${error instanceof Error ? error.name : ''}`);
    note(log, request, saw);
    const count = tools.effect();
    if (pauses) await tools.pause();
    return kind({ log, tools, text: JSON.stringify({ order: count, saw }), context }, c);
  });
}

function note({ view }: RunLog, request: Request, saw: string): void {
  view['body'] = saw;
  view['method'] = request.method;
  view['url'] = new URL(request.url).pathname;
  view['headers'] = Object.fromEntries([...request.headers].sort());
}
