/**
 * One span for each request that ended: from the claim to the end of its record if the handler ran, else of no duration.
 *
 * @module
 */

import { type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { LatchkeyEvent } from '../core/events.ts';
import { RecentMap } from '../core/support/recent-map.ts';
import { type Attributes, other } from './operation-attributes.ts';
import { type Ending, isFault } from './outcomes.ts';

/** On platforms that stop a request before its end, spans stay open; older ones are dropped. */
const mostOpen = 10_000;

/** The attributes that an ending adds. */
export function endingAttributes({ outcome, code }: Ending): Attributes {
  return { 'latchkey.outcome': outcome, ...(code !== undefined && { 'latchkey.code': code }) };
}

/** The value of `latchkey.attempt`: how the attempt came by its record. */
export function attemptKind({ attempt, tookOver }: { readonly attempt: number; readonly tookOver: boolean }): string {
  if (tookOver) return 'takeover';
  return attempt === 1 ? 'first' : 'retry';
}

/** Makes spans from events. */
export class Spans {
  readonly #tracer: Tracer;
  /** By record and attempt, since the late handler of a lost lease may end after its successor has begun. */
  readonly #open = new RecentMap<Span>(mostOpen);

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** An attempt has begun. The active context, which is that of the request, has the parent. */
  begin(event: Extract<LatchkeyEvent, { type: 'claimed' }>, attributes: Attributes): void {
    const span = this.#start({ ...attributes, 'latchkey.attempt': attemptKind(event) });
    this.#open.set(keyOf(event), span);
  }

  /** A request has ended. */
  end(event: LatchkeyEvent, ending: Ending, attributes: Attributes): void {
    const span = event.type === 'executed' ? this.#take(keyOf(event)) : this.#start(attributes);
    if (span === undefined) return;
    span.setAttributes(endingAttributes(ending));
    if (isFault(ending)) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }

  #start(attributes: Attributes): Span {
    const name = attributes['latchkey.operation'] ?? attributes['http.request.method'] ?? other;
    return this.#tracer.startSpan(`latchkey ${name}`, { attributes: { ...attributes } });
  }

  #take(key: string): Span | undefined {
    const span = this.#open.get(key);
    this.#open.delete(key);
    return span;
  }
}

function keyOf({ id, attempt }: { readonly id: string; readonly attempt: number }): string {
  return `${attempt} ${id}`;
}
