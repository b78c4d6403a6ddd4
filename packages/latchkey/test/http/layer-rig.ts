/**
 * A guard on the memory store, with plain requests instead of a framework, and time and faults controlled by the test.
 */

import type { LatchkeyEvent } from '../../src/core/events.ts';
import { createHttpLayer } from '../../src/http/create-layer.ts';
import {
  type CapturedResponse,
  Exchange,
  type GuardAnswer,
  type Header,
  type PlainResponse,
  type RequestBody,
} from '../../src/http/exchange.ts';
import type { HttpContext, HttpLayer } from '../../src/http/layer.ts';
import type { GuardOptions } from '../../src/http/options.ts';
import { loadOnDemand } from '../../src/http/request/route.ts';
import { headerValue } from '../../src/http/response/kept-headers.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { manualRuntime } from '../../src/testing/manual-clock.ts';

// Time is the test's own: a request must not wait for a module that is loaded on first use.
await loadOnDemand().catch(() => undefined);

/** The native request of this rig. */
export interface Native {
  readonly tenant: string;
}

export interface Sent {
  readonly method?: string;
  readonly target?: string;
  /** One key, or all lines of the header; without it no header is sent. */
  readonly key?: string | readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | RequestBody;
  readonly tenant?: string;
  readonly native?: Native;
}

/** The client's view of an answer. */
export interface Seen {
  readonly status: number;
  readonly text: string;
  readonly headers: readonly Header[];
  header(lowerName: string): string | undefined;
  /** The code of a problem. */
  readonly code: unknown;
}

type Context = HttpContext<never>;
export type Handler = (context: Context | undefined, run: number) => CapturedResponse | Promise<CapturedResponse>;

/** A response as captured by an adapter. */
export function captured(
  status: number,
  body: string | Uint8Array = '',
  more: Partial<CapturedResponse> = {},
): CapturedResponse {
  return { status, headers: [], body: Buffer.from(body), state: 'whole', headSent: false, ...more };
}

function requestBody(body: Sent['body'] = '{"amount":2000}'): RequestBody {
  const isBytes = typeof body === 'string' || body instanceof Uint8Array;
  return isBytes ? { kind: 'bytes', bytes: Buffer.from(body) } : body;
}

/** A request without a framework. */
class PlainExchange extends Exchange<Native, never, void> {
  readonly native: Native;
  readonly method: string;
  readonly target: string;
  readonly #sent: Sent;
  readonly #run: (context: Context) => Promise<CapturedResponse>;

  constructor(sent: Sent, run: (context: Context) => Promise<CapturedResponse>) {
    super();
    this.native = sent.native ?? { tenant: sent.tenant ?? 'acct_1' };
    this.method = sent.method ?? 'POST';
    this.target = sent.target ?? '/v1/charges';
    this.#sent = sent;
    this.#run = run;
  }

  headers(lowerName: string): readonly string[] {
    const { key, headers } = this.#sent;
    if (lowerName === 'idempotency-key') return key === undefined ? [] : typeof key === 'string' ? [key] : key;
    const value = new Map(Object.entries({ 'content-type': 'application/json', ...headers })).get(lowerName);
    return value === undefined ? [] : [value];
  }

  async body(): Promise<RequestBody> {
    return requestBody(this.#sent.body);
  }

  execute(): Promise<CapturedResponse> {
    return this.#run(this.context);
  }

  finished(): void {}
}

function codeOf({ headers, body }: PlainResponse): unknown {
  if (headerValue(headers, 'content-type') !== 'application/problem+json') return undefined;
  const parsed: unknown = JSON.parse(Buffer.from(body).toString());
  return typeof parsed === 'object' && parsed !== null && 'code' in parsed ? parsed.code : undefined;
}

function seen(response: PlainResponse): Seen {
  return {
    status: response.status,
    text: Buffer.from(response.body).toString(),
    headers: response.headers,
    header: (lowerName) => headerValue(response.headers, lowerName),
    code: codeOf(response),
  };
}

const cut: PlainResponse = { status: 0, headers: [], body: Buffer.from('cut') };

function delivered(answer: GuardAnswer, response: CapturedResponse | undefined): PlainResponse {
  if (answer.kind === 'answer') return answer.response;
  if (answer.kind === 'cut' || response === undefined) return cut;
  if (answer.kind === 'pass') return response;
  const { headers, without } = answer.marks;
  const replaced = [...without, ...headers.map(([name]) => name.toLowerCase())];
  const kept = response.headers.filter(([name]) => !replaced.includes(name.toLowerCase()));
  return { ...response, headers: [...kept, ...headers] };
}

export function layerRig(options: Partial<GuardOptions<Native>> = {}) {
  const runtime = manualRuntime();
  const memory = memoryStore({ runtime });
  const { store, faults } = faultyStore(memory, runtime);
  const events: LatchkeyEvent[] = [];
  const layer = createHttpLayer<Native>({
    store,
    runtime,
    principal: ({ tenant }) => tenant,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  let runs = 0;
  const never = () => Promise.reject(new Error('A peek runs no handler.'));
  const peek = (sent: Sent, guard: HttpLayer<Native> = layer) => guard.peek(new PlainExchange(sent, never));

  const through =
    (guard: HttpLayer<Native>) =>
    async (sent: Sent, handler: Handler = () => captured(201, `run ${runs}`)): Promise<Seen> => {
      let response: CapturedResponse | undefined;
      const run = async (context: Context | undefined) => {
        runs += 1;
        response = await handler(context, runs);
        return response;
      };
      const answer = await guard.handle(new PlainExchange(sent, run));
      if (answer.kind === 'pass') await run(undefined);
      return seen(delivered(answer, response));
    };

  const warnings = () => events.flatMap((event) => (event.type === 'warning' ? [event.code] : []));
  return { runtime, memory, faults, events, layer, peek, through, send: through(layer), runs: () => runs, warnings };
}

/** A handler that a test can release. */
export function gate<T>(): { readonly opened: Promise<T>; open(value: T): void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { opened: promise, open: resolve };
}
