/**
 * Turns handlers of saved requests into operations that a completer can finish.
 *
 * @module
 */

import type { Completable } from '../core/completable.ts';
import type { Answering, AnyContext } from '../core/context.ts';
import { LatchkeyError } from '../core/errors.ts';
import type { EventListener } from '../core/events.ts';
import { createEmit, type Log } from '../core/log.ts';
import type { RunResult } from '../core/operation.ts';
import { readOptions } from '../core/options/read-options.ts';
import { group, type OptionTable } from '../core/options/rules.ts';
import type { StepOptions, TimingOptions } from '../core/settings.ts';
import type { TransactionKind } from '../core/store.ts';
import { isHttpOperation, type OperationPattern, operationPattern } from '../core/support/operation-pattern.ts';
import { codingsOf } from '../http/content-coding.ts';
import { decodeContent } from '../http/decode-content.ts';
import { type CapturedResponse, Exchange, type PlainResponse, type RequestBody } from '../http/exchange.ts';
import type { HttpContext } from '../http/layer.ts';
import { guardTable, routeTable } from '../http/option-tables.ts';
import type { GuardOptions, RequestOptions, ResponseOptions, RouteOptions } from '../http/options.ts';
import type { ProblemShape } from '../http/problems/problem-response.ts';
import { MAX_NAME_LENGTH, pathOf } from '../http/request/read-request.ts';
import { createRoute, loadOnDemand, type Route } from '../http/request/route.ts';
import { decodeRequest, type SavedRequest } from '../http/request/saved-request.ts';
import { plainToResponse } from '../http/response/fetch-response.ts';
import { FinishedAnswer } from '../http/response/guard-context.ts';
import { captureMade, type MadeResponse } from '../http/response/made-response.ts';
import { runHandler } from '../http/response/run-handler.ts';

/**
 * Runs a saved request again. Its return value, or the argument of `context.finish`, is the operation's answer, which
 * the client's retry gets. After a throw or a 5xx it is retried.
 */
export type SavedRequestHandler<Kind extends TransactionKind = never> = (
  request: SavedRequest,
  context: HttpContext<Kind, Response>,
) => MadeResponse | Promise<MadeResponse>;

/** Options of {@link httpOperations}; they should equal those of the guard that saved the requests. */
export interface HttpOperationsOptions extends Pick<GuardOptions<SavedRequest>, 'dialect' | 'onProblem'> {
  /** Limits and retention, in milliseconds. */
  readonly timing?: TimingOptions;
  /** The steps of a handler. */
  readonly steps?: StepOptions;
  /** `maxBytes`: maximum size of a decompressed body in bytes. Default 1 MiB. */
  readonly request?: Pick<RequestOptions, 'maxBytes'>;
  /**
   * Which answers are kept, and what is stored of them. If the guard's route has `response.reference`, set the same
   * function: without it the request is not run, since the body of its answer would be stored.
   */
  readonly response?: Pick<ResponseOptions<SavedRequest>, 'maxBytes' | 'keep' | 'reference'>;
  /** Receives errors thrown by handlers. */
  readonly onEvent?: EventListener;
  /**
   * Receives warnings and errors, each code once per operation and minute. Default: the console. `false` turns it off.
   */
  readonly log?: Log | false;
}

const { request, response } = routeTable;

/** The option table: those options of the guard that apply without a client. */
export const operationsTable = {
  onEvent: guardTable.onEvent,
  log: guardTable.log,
  timing: routeTable.timing,
  steps: routeTable.steps,
  request: group({ maxBytes: request.members.maxBytes }),
  response: group({
    maxBytes: response.members.maxBytes,
    keep: response.members.keep,
    reference: response.members.reference,
  }),
  dialect: guardTable.dialect,
  onProblem: guardTable.onProblem,
} satisfies OptionTable<HttpOperationsOptions>;

/** The state shared by the operations of one call. */
interface Shared extends ProblemShape<SavedRequest> {
  readonly route: Route<SavedRequest>;
  readonly runtime: undefined;
}

function share(given: HttpOperationsOptions): Shared {
  const { dialect, onProblem, onEvent, log, ...groups } = readOptions('httpOperations', operationsTable, given);
  const emit = createEmit({ onEvent, log });
  const rerun = { ...groups, afterFailure: 'rerun' } as RouteOptions<SavedRequest>;
  const options = readOptions('httpOperations', routeTable, rerun);
  return {
    route: createRoute(options, { principal: 'anonymous', emit }),
    dialect,
    onProblem,
    emit,
    runtime: undefined,
  };
}

/** Leaves an unknown coding and its header unchanged. */
async function uncoded(headers: Headers, body: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  const codings = codingsOf([headers.get('content-encoding') ?? '']);
  const decoding = await decodeContent(body, codings, limitBytes);
  if (decoding.kind !== 'decoded') return body;
  headers.delete('content-encoding');
  return decoding.bytes;
}

async function restore(
  bytes: Uint8Array,
  operation: string,
  pattern: OperationPattern,
  { route }: Shared,
): Promise<SavedRequest> {
  const { method, target, principal, headers: lines, body, byReference } = decodeRequest(bytes);
  if (byReference && route.options.response.reference === undefined) throw withoutReference(operation);
  const headers = new Headers();
  for (const [name, value] of lines) headers.append(name, value);
  return {
    method,
    url: target,
    headers,
    body: await uncoded(headers, body, route.maxRequestBytes),
    principal,
    operation,
    params: pattern.paramsOf(method, pathOf(target)),
  };
}

/** One run of a saved request, without a client. */
class SavedExchange extends Exchange<SavedRequest, TransactionKind, Response> {
  native!: SavedRequest;
  method = '';
  target = '';
  readonly #handler: SavedRequestHandler<TransactionKind>;

  constructor(handler: SavedRequestHandler<TransactionKind>, shared: Shared) {
    super();
    this.#handler = handler;
    this.route = shared.route;
    this.guard = shared;
  }

  async run(request: SavedRequest, context: AnyContext): Promise<RunResult> {
    if (this.route.options.response.reference !== undefined) {
      const { encoderByReference } = await loadOnDemand();
      this.encode = encoderByReference(this);
    }
    this.native = request;
    this.method = request.method;
    this.target = request.url;
    this.engineContext = context;
    return runHandler(this, request.operation);
  }

  headers(): readonly string[] {
    return [];
  }

  body(): RequestBody {
    return { kind: 'bytes', bytes: this.native.body };
  }

  async execute(): Promise<CapturedResponse> {
    return captureMade(await this.#handler(this.native, this.context), this.route.maxResponseBytes);
  }

  finished(response: PlainResponse): Response {
    return plainToResponse(response);
  }
}

interface Registered {
  readonly pattern: OperationPattern;
  readonly handler: SavedRequestHandler<TransactionKind>;
}

function routeOf(text: string, handler: unknown): Registered {
  if (typeof handler !== 'function') {
    throw new LatchkeyError(
      'option-invalid',
      `httpOperations: the handler of ${JSON.stringify(text)} must be a function.`,
    );
  }
  if (!isHttpOperation(text)) {
    throw new LatchkeyError(
      'option-invalid',
      `httpOperations: ${JSON.stringify(text)} must be a method and a path, such as 'POST /v1/orders/:id/pay'.`,
    );
  }
  // The caller must register handlers whose transaction kind is that of the completer's store.
  return { pattern: operationPattern(text), handler: handler as SavedRequestHandler<TransactionKind> };
}

/**
 * Makes a completer's operations from handlers. Each is registered under a method and a path, in which `:name` matches
 * one segment; a name without wildcards takes precedence. (Records hold at most 120 characters of the name; an
 * operation with a name of that length or more is left to its client's retry.)
 *
 * Answers are classified and kept as by the guard. Set `keep`, `dialect`, `onProblem` and the limits to the same
 * values, and use the same steps in the same order, since a run resumes after the saved ones.
 *
 * @typeParam Kind - the store's transactions, for `context.transaction` and `context.finish`, such as
 * `SqliteTransactions`.
 * @throws LatchkeyError `option-unknown`, `option-invalid`; a run throws `record-unreadable` for a saved request that
 * this version can't read.
 * @example
 * ```ts
 * const orders = httpOperations({
 *   'POST /v1/orders': async (request, context) => placeOrder(JSON.parse(Buffer.from(request.body).toString()), context),
 *   'POST /v1/orders/:id/pay': async ({ params }, context) => Response.json(await pay(params.id, context)),
 * })
 * const finishing = completer({ store, operations: [orders] })
 * ```
 */
export function httpOperations<Kind extends TransactionKind = never>(
  handlers: Readonly<Record<string, SavedRequestHandler<Kind>>>,
  options: HttpOperationsOptions = {},
): Completable {
  const shared = share(options);
  const routes = Object.entries(handlers).map(([text, handler]) => routeOf(text, handler));
  routes.sort((a, b) => a.pattern.wildcards - b.pattern.wildcards);
  const find = (operation: string) => routes.find(({ pattern }) => pattern.matches(operation));
  return {
    settings: shared.route.settings,
    // A truncated name may look like that of another route.
    matches: (operation) => operation.length < MAX_NAME_LENGTH && find(operation) !== undefined,
    begin: (operation, bytes) => {
      const { pattern, handler } = find(operation) ?? notRegistered(operation);
      const exchange = new SavedExchange(handler, shared);
      return {
        answering: new FinishedAnswer(exchange) as Answering<unknown, unknown>,
        handler: async (context) => exchange.run(await restore(bytes, operation, pattern, shared), context),
      };
    },
  };
}

function withoutReference(operation: string): LatchkeyError {
  return new LatchkeyError(
    'option-invalid',
    `httpOperations: the route of ${operation} has response.reference; set the same function here.`,
  );
}

function notRegistered(operation: string): never {
  throw new LatchkeyError('option-invalid', `httpOperations: no handler is registered for ${operation}.`);
}
