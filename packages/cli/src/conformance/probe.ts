/**
 * What the check of a row works with: the target, its claims, and the executions.
 *
 * @module
 */

import { otherBodyOf } from './bodies.ts';
import type { Claims } from './claims.ts';
import { Failed, NotSeen } from './row.ts';
import { type Counter, Tally } from './target/counting.ts';
import { described, difference, isInProgress, isMismatch, isReplay, isSuccess, retryAfterMs } from './target/signs.ts';
import type { TargetProcess } from './target/target-process.ts';
import type { Answer, Runtime, Wire } from './target/wire.ts';
import type { Call, Header, Template, VariantName } from './template.ts';

/** One request of a row. */
export interface Sending {
  /** Sent in the form that the target accepts. Without it the request has no key, unless its headers have one. */
  readonly key?: string;
  /** Default: the template's request. */
  readonly call?: Call | undefined;
  readonly headers?: readonly Header[];
  readonly body?: Buffer;
  readonly query?: string;
  readonly signal?: AbortSignal;
  /** Sends the last byte of the body only then. */
  readonly release?: Promise<void>;
}

/** The parts of a probe. */
export interface ProbeParts {
  readonly wire: Wire;
  readonly template: Template;
  readonly claims: Claims;
  readonly counter: Counter | undefined;
  readonly process: TargetProcess | undefined;
  readonly runtime: Runtime;
  /** Longest time to wait for an answer under a key, also when Retry-After says more. */
  readonly maxWaitMs: number;
}

const shortestPauseMs = 100;

/** Sends requests for one row after another. */
export class Probe {
  readonly wire: Wire;
  readonly template: Template;
  readonly claims: Claims;
  readonly process: TargetProcess | undefined;
  readonly maxWaitMs: number;
  readonly runtime: Runtime;
  readonly #counter: Counter | undefined;
  readonly #shared = new Map<string, Promise<unknown>>();

  constructor({ wire, template, claims, counter, process, runtime, maxWaitMs }: ProbeParts) {
    this.wire = wire;
    this.template = template;
    this.claims = claims;
    this.process = process;
    this.maxWaitMs = maxWaitMs;
    this.runtime = runtime;
    this.#counter = counter;
  }

  newKey(): string {
    return this.runtime.uuid();
  }

  /** The key header in a form that the target accepts; where it accepts both, bare if the key allows it. */
  keyHeader(key: string): Header {
    const { keyFormat } = this.claims;
    const isBare = keyFormat === 'bare' || (keyFormat === 'lenient' && /^[\w-]+$/.test(key));
    return ['Idempotency-Key', isBare ? key : `"${key.replaceAll(/["\\]/g, '\\$&')}"`];
  }

  /** A key header with exactly this value. */
  rawKey(value: string): { readonly headers: readonly Header[] } {
    return { headers: [['Idempotency-Key', value]] };
  }

  /** @throws NotSeen if the target limits the rate of requests */
  async send({ key, call = this.template, headers = [], body, query, signal, release }: Sending): Promise<Answer> {
    const url = new URL(call.url);
    if (query !== undefined) url.searchParams.append(query, '1');
    const own: readonly Header[] = key === undefined ? headers : [...headers, this.keyHeader(key)];
    const names = new Set(own.map(([name]) => name.toLowerCase()));
    const kept = call.headers.filter(([name]) => !names.has(name.toLowerCase()));
    const sent: Call = { method: call.method, url, headers: [...kept, ...own], body: body ?? call.body };
    const answer = await this.wire.send(sent, signal, release);
    this.#counter?.note(answer);
    const { busy, refused } = this.template.variants;
    if (answer.status === 429 && call !== busy && call !== refused)
      throw new NotSeen('the target limits the rate of requests: 429');
    return answer;
  }

  /** Sends a request that must run: it gets a successful answer that is no replay. */
  async run(sending: Sending): Promise<Answer> {
    const answer = await this.send(sending);
    if (!isSuccess(answer) || isReplay(answer, this.claims))
      throw new Failed(`a request with a new key got ${this.described(answer)}`);
    return answer;
  }

  /** Sends the same request twice under a new key. */
  async twice(call?: Call): Promise<readonly [first: Answer, retry: Answer]> {
    const key = this.newKey();
    return [await this.run({ key, call }), await this.send({ key, call })];
  }

  /** Sends until the answer is not "in progress", for at most `maxWaitMs`. */
  async untilFinal(sending: Sending): Promise<Answer> {
    const giveUpAt = this.runtime.monotonic() + this.maxWaitMs;
    for (;;) {
      const answer = await this.send(sending);
      const restMs = giveUpAt - this.runtime.monotonic();
      if (!isInProgress(answer, this.claims) || restMs <= 0) return answer;
      const wantedMs = retryAfterMs(answer, this.runtime.now()) ?? 0;
      await this.runtime.sleep(Math.min(Math.max(wantedMs, shortestPauseMs), restMs));
    }
  }

  /** Starts to count executions. */
  tally(): Promise<Tally> {
    return Tally.begin(this.#counter);
  }

  /** Another valid body for a call. */
  otherBody(call: Call = this.template): Buffer {
    const { otherBody, body } = this.template;
    return otherBody !== undefined && call.body === body ? otherBody : otherBodyOf(call);
  }

  /** @throws NotSeen if the template lacks the variant */
  variant(name: VariantName): Call {
    const call = this.template.variants[name];
    if (call === undefined) throw new NotSeen(`add the variant "${name}" to the template`);
    return call;
  }

  /** Makes something once that several rows look at. */
  shared<Made>(name: string, make: () => Promise<Made>): Promise<Made> {
    const made = this.#shared.get(name) ?? make();
    this.#shared.set(name, made);
    return made as Promise<Made>;
  }

  described(answer: Answer): string {
    return described(answer, this.claims);
  }

  isReplay(answer: Answer): boolean {
    return isReplay(answer, this.claims);
  }

  isMismatch(answer: Answer): boolean {
    return isMismatch(answer, this.claims);
  }

  isInProgress(answer: Answer): boolean {
    return isInProgress(answer, this.claims);
  }

  /** @throws NotSeen if a request that was refused is refused in the same way under a new key */
  async expectAcceptable(sending: Sending, refusal: Answer): Promise<void> {
    const alone = await this.send({ ...sending, key: this.newKey() });
    const isSame = alone.status === refusal.status && this.isMismatch(alone) === this.isMismatch(refusal);
    if (isSame) throw new NotSeen(`the target refuses the other payload under any key: ${this.described(alone)}`);
  }

  /** @throws Failed unless both have the same status and bytes */
  expectSame(first: Answer, second: Answer): void {
    const found = difference(first, second, this.claims);
    if (found !== undefined) throw new Failed(found);
  }
}
