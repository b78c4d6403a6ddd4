/**
 * Runs one kind of handler on the Fetch API, and notes what it sees. Hono handlers go the same way.
 *
 * @module
 */

import type { RunLog, Tools } from '../world/run-log.ts';
import type { HttpContext } from './context.ts';
import { ending } from './node-order.ts';

/** One request in the hands of a handler. */
export interface FetchOrder {
  readonly log: RunLog;
  readonly tools: Tools;
  /** What the handler answers, unless its kind answers something else: it names the body that was seen. */
  readonly text: string;
  /** The guard's context; undefined without a guard. */
  readonly context: HttpContext | undefined;
}

/** One way to answer. */
export type FetchKind<C = unknown> = (order: FetchOrder, c: C) => Response | Promise<Response>;

/** What a handler is made from. */
export interface FetchSetup {
  readonly tools: Tools;
  readonly pauses: boolean;
  /** Reads the body as the application does. */
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
