/**
 * One request and response of the Fetch API in the layer.
 *
 * @module
 */

import type { TransactionKind } from '../../core/store.ts';
import {
  type CapturedResponse,
  Exchange,
  type GuardAnswer,
  type Header,
  type Marks,
  type PlainResponse,
  type RequestBody,
} from '../../http/exchange.ts';
import type { HttpLayer } from '../../http/layer.ts';
import { endToEndHeaders, plainToResponse, refuseUnsendable } from '../../http/response/fetch-response.ts';
import { marksOfHead } from '../../http/response/marks.ts';
import type { ContextHolder } from '../guard-contexts.ts';
import { type BodyCaptureOptions, FetchBodyCapture } from './body-capture.ts';
import { headerLines, readFetchBody, targetOf } from './request.ts';
import { SignalWatch } from './signal.ts';

/** The parts that an adapter provides. */
export interface FetchExchangeParts<Native, Kind extends TransactionKind> {
  /** The request that a route's functions get. */
  readonly native: Native;
  /** The request as it reached the guard. */
  readonly request: Request;
  /** The body that the framework kept when it was read before the guard. */
  readonly parsed?: () => RequestBody | Promise<RequestBody>;
  /** Reads the body without the Fetch API; undefined if that is not possible. */
  readonly tapped?: (limitBytes: number) => RequestBody | Promise<RequestBody> | undefined;
  /** Runs the handler. Absent for `peek`. */
  readonly run?: (exchange: ContextHolder<Kind, Response>) => Promise<Response>;
  /** The headers that were set before the guard. */
  readonly headersBefore?: () => Headers;
}

type CaptureTerms = Omit<BodyCaptureOptions, 'declaredLength'>;

const noHeaders = new Headers();
const noBody = new Uint8Array(0);

/** The adapter's part of the exchange. */
export class FetchExchange<Native, Kind extends TransactionKind> extends Exchange<Native, Kind, Response> {
  readonly native: Native;
  readonly method: string;
  readonly target: string;
  /** Delivers the response for the client; undefined if the layer lets the request pass. */
  readonly response: Promise<Response | undefined>;
  #deliver: (response: Response | undefined) => void = () => {};
  readonly #parts: FetchExchangeParts<Native, Kind>;
  #signal: SignalWatch | undefined;
  #before: Headers | undefined;
  #made: Response | undefined;
  /** The handler's headers, without those of another connection. */
  #kept: Headers | undefined;
  #body: FetchBodyCapture | undefined;
  #headSent = false;
  #finished: PlainResponse | undefined;
  #settle: (captured: CapturedResponse) => void = () => {};

  constructor(parts: FetchExchangeParts<Native, Kind>) {
    super();
    const { native, request } = parts;
    this.native = native;
    // Request changes some lower-case methods to upper case, but not patch.
    this.method = request.method.toUpperCase();
    this.target = targetOf(request.url);
    this.#parts = parts;
    this.response = new Promise((resolve) => {
      this.#deliver = resolve;
    });
  }

  headers(lowerName: string): readonly string[] {
    return headerLines(this.#parts.request, lowerName);
  }

  body(limitBytes: number): RequestBody | Promise<RequestBody> {
    const { peeked } = this;
    if (peeked !== undefined && !this.#parts.request.bodyUsed) return peeked.received;
    return this.#parts.tapped?.(limitBytes) ?? readFetchBody(this.#parts, limitBytes, this.runtime.timers);
  }

  execute(): Promise<CapturedResponse> {
    this.#noteBefore();
    const { maxResponseBytes, settings } = this.route;
    const { timers } = this.runtime;
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#run({ maxResponseBytes, silenceMs: settings.leaseMs, timers }).then(resolve, reject);
    });
  }

  override get sawClientGo(): boolean {
    return this.#signal?.sawClientGo === true;
  }

  finished(response: PlainResponse): Response {
    this.#finished = response;
    this.#settle({ ...response, state: 'whole', headSent: this.#headSent });
    return plainToResponse(response);
  }

  /** Passes the request through the guard and carries out its answer. */
  async pass(layer: HttpLayer<Native, Kind>): Promise<void> {
    this.#conclude(await layer.handle(this));
  }

  #conclude(answer: GuardAnswer): void {
    if (answer.kind === 'pass') this.#deliver(undefined);
    else if (this.#headSent) this.#end(answer);
    else if (answer.kind === 'answer') this.#deliver(plainToResponse(answer.response, this.#noteBefore()));
    else this.#deliver(this.#whole(answer));
  }

  #noteBefore(): Headers {
    this.#before ??= this.#parts.headersBefore?.() ?? noHeaders;
    return this.#before;
  }

  async #run(terms: CaptureTerms): Promise<CapturedResponse> {
    this.#signal = new SignalWatch(this.#parts.request);
    const made = (await this.#parts.run?.(this)) as Response;
    if (this.#finished !== undefined) return this.#discard(made, this.#finished);
    refuseUnsendable(made);
    this.#made = made;
    const { status, body: stream } = made;
    // The error may only mean that the client disconnected.
    const failedForNobody = status >= 500 && this.sawClientGo;
    const headers = endToEndHeaders(made);
    this.#kept = headers;
    const kept = headersSetSince(headers, this.#noteBefore());
    if (stream === null) {
      headers.delete('content-length');
      return { status, headers: kept, body: noBody, state: failedForNobody ? 'broken' : 'whole', headSent: false };
    }
    // A copy of a fetched response has the length of its coded form, but decoded bytes.
    if (headers.has('content-encoding')) headers.delete('content-length');
    const declaredLength = Number.parseInt(headers.get('content-length') ?? '', 10);
    const body = new FetchBodyCapture(stream, { ...terms, declaredLength });
    this.#body = body;
    if (!(await body.endsAtOnce())) this.#open(made, headers, kept, body);
    const state = await body.ended;
    return {
      ...{ status, headers: kept, body: body.whole() },
      ...{ state: failedForNobody ? 'broken' : state, headSent: this.#headSent },
    };
  }

  /** After `finish`, the handler usually returns the answer itself; any other response is discarded. */
  #discard(made: Response, { status, headers, body }: PlainResponse): CapturedResponse {
    made.body?.cancel().catch(() => undefined);
    return { status, headers, body, state: 'whole', headSent: false };
  }

  #open(made: Response, headers: Headers, kept: readonly Header[], body: FetchBodyCapture): void {
    this.#headSent = true;
    applyMarks(headers, marksOfHead(made.status, kept, this.echoed));
    this.#deliver(withBody(made, body.open(), headers));
  }

  #end(answer: Exclude<GuardAnswer, { kind: 'pass' }>): void {
    if (answer.kind === 'send') this.#body?.close();
    else this.#body?.cut(new Error('The answer could not be completed.'));
  }

  /** Returns the handler's response, whose head has not been sent; a broken body is aborted for the client too. */
  #whole(answer: Extract<GuardAnswer, { kind: 'send' | 'cut' }>): Response {
    const made = this.#made ?? new Response(null, { status: 500 });
    const headers = this.#kept ?? new Headers();
    if (answer.kind === 'send') applyMarks(headers, answer.marks);
    const body = this.#body;
    if (body === undefined) return withBody(made, null, headers);
    if (answer.kind === 'send' && body.isWhole) return withBody(made, body.whole() as Uint8Array<ArrayBuffer>, headers);
    const stream = body.open();
    this.#end(answer);
    return withBody(made, stream, headers);
  }
}

/** Returns the headers that are new or changed. */
function headersSetSince(headers: Headers, before: Headers): Header[] {
  return [...headers].filter(([name, value]) => name === 'set-cookie' || before.get(name) !== value);
}

function applyMarks(headers: Headers, marks: Marks): void {
  for (const name of marks.without) headers.delete(name);
  for (const [name, value] of marks.headers) headers.set(name, value);
}

function withBody(made: Response, body: BodyInit | null, headers: Headers): Response {
  return new Response(body, { status: made.status, statusText: made.statusText, headers });
}
