/** The idempotency layer of the reference server: a small one that is right, and wrong in one place if it has a fault. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { ReferenceOptions } from './faults.ts';
import type { Entry, Records, Reply } from './records.ts';
import { fingerprintOf, type Incoming, keyOf } from './requests.ts';

export type Operation = (incoming: Incoming) => Promise<Reply>;

/** Larger answers are not kept. */
export const largestReply = 1_000;

const kept = /^(content-type|location|etag|link|access-control-allow-origin)$/;

export function problem(status: number, code: string, { fault }: ReferenceOptions, retryAfter?: string): Reply {
  const type = fault === 'plain-errors' ? 'text/plain' : 'application/problem+json';
  const caching = fault === 'cacheable' ? [] : ([['cache-control', 'no-store']] as const);
  const body = JSON.stringify({ type: `https://errors.example/${code}`, title: code, status, code });
  const retry = retryAfter === undefined || fault === 'no-retry-after' ? [] : ([['retry-after', retryAfter]] as const);
  return { status, headers: [['content-type', type], ...caching, ...retry], body: Buffer.from(body) };
}

/** One line for each name. */
function joined(headers: Reply['headers']): Reply['headers'] {
  const names = [...new Set(headers.map(([name]) => name))];
  return names.map((name) => {
    const values = headers.filter(([other]) => other === name).map(([, value]) => value);
    return [name, values.join(', ')] as const;
  });
}

function replayOf(reply: Reply, { fault }: ReferenceOptions): Reply {
  const headers = reply.headers.filter(
    ([name]) => fault === 'replays-every-header' || (fault === 'forgets-headers' ? name === 'x' : kept.test(name)),
  );
  if (fault === 'joins-headers') headers.splice(0, headers.length, ...joined(headers));
  const coding = reply.headers.filter(([name]) => name === 'content-encoding');
  const caching = fault === 'cacheable' ? [] : ([['cache-control', 'no-store']] as const);
  const marker = fault === 'no-marker' ? [] : ([['idempotent-replayed', 'true']] as const);
  const suffix = fault === 'other-bytes' ? ' ' : '';
  const body =
    fault === 'text-bodies'
      ? Buffer.from(reply.body.toString('utf8'))
      : Buffer.concat([reply.body, Buffer.from(suffix)]);
  return { status: reply.status, headers: [...headers, ...coding, ...caching, ...marker], body };
}

export class Layer {
  readonly #records: Records;
  readonly #options: ReferenceOptions;
  readonly #operation: Operation;

  constructor(records: Records, options: ReferenceOptions, operation: Operation) {
    this.#records = records;
    this.#options = options;
    this.#operation = operation;
  }

  async handle(incoming: Incoming): Promise<Reply> {
    const { fault, keyRequired = false } = this.#options;
    const key = keyOf(incoming.request, this.#options);
    if (key === null) return problem(400, 'key-invalid', this.#options);
    const isSafe = incoming.request.method === 'GET' && fault !== 'guards-get';
    if (isSafe && fault !== 'refuses-second-get') return this.#operation(incoming);
    if (key === undefined) {
      const isRefused = (keyRequired && fault !== 'missing-key-runs') || fault === 'missing-key-refused';
      return isRefused ? problem(400, 'key-missing', this.#options) : this.#operation(incoming);
    }
    return this.#claim(incoming, this.#idOf(incoming, key));
  }

  #idOf({ request, url, body }: Incoming, key: string): string {
    const { fault } = this.#options;
    const tenant = fault === 'no-principal' ? '' : (request.headers['x-tenant'] ?? '');
    const place = fault === 'ignores-path' ? '' : `${request.method} ${url.pathname}`;
    return JSON.stringify([tenant, place, fault === 'key-from-payload' ? body.toString() : key]);
  }

  async #claim(incoming: Incoming, id: string): Promise<Reply> {
    const { fault, afterFailure = 'refuse' } = this.#options;
    const fingerprint = fingerprintOf(incoming, this.#options);
    const entry = this.#records.get(id);
    if (entry === undefined || fault === 'ignores-keys' || (fault === 'duplicates-run' && entry.reply === undefined))
      return this.#run(incoming, id, fingerprint);
    if (fault === 'mismatch-after-conflict' && entry.reply === undefined)
      return problem(409, 'in-progress', this.#options, '1');
    if (entry.fingerprint !== fingerprint || fault === 'refuses-second-get') {
      if (fault === 'mismatch-deletes-record') this.#records.delete(id);
      return problem(422, 'key-reused', this.#options);
    }
    if (entry.reply !== undefined) return replayOf(entry.reply, this.#options);
    if (entry.lapsed !== true) return this.#duplicate(id, entry);
    if (afterFailure === 'rerun') return this.#run(incoming, id, fingerprint);
    return problem(409, 'outcome-unknown', this.#options);
  }

  async #duplicate(id: string, entry: Entry): Promise<Reply> {
    const { fault, whenRunning = 'conflict', retryAfter = '1' } = this.#options;
    const refusal = problem(409, 'in-progress', this.#options, retryAfter);
    if (fault === 'keeps-conflict') this.#records.set(id, { ...entry, reply: refusal });
    if (whenRunning === 'conflict' || fault === 'conflict-instead-of-wait') return refusal;
    for (;;) {
      await sleep(5);
      const now = this.#records.get(id);
      if (now?.reply !== undefined) return replayOf(now.reply, this.#options);
      if (now === undefined) return refusal;
    }
  }

  async #run(incoming: Incoming, id: string, fingerprint: string): Promise<Reply> {
    const { fault, retentionMs = 60_000 } = this.#options;
    const token = crypto.randomUUID();
    const entry = { fingerprint, token, expiresAt: Date.now() + retentionMs };
    this.#records.set(id, entry);
    if (fault === 'hang-up-releases')
      incoming.response.once('close', () => incoming.response.writableFinished || this.#records.delete(id));
    const reply = await this.#operation(incoming);
    const current = this.#records.get(id);
    if (current?.token !== token || current.reply !== undefined) return reply;
    const isForgotten = fault === 'large-runs-again' && reply.body.length > largestReply;
    if (this.#isKept(reply.status) && !isForgotten)
      this.#records.set(id, { ...entry, reply: this.#stored(reply, incoming) });
    else this.#records.delete(id);
    return fault === 'marks-first-answer' ? replayOf(reply, this.#options) : reply;
  }

  /** What is kept of an answer: a whole one, or that there was one. */
  #stored(reply: Reply, { request }: Incoming): Reply {
    const { fault } = this.#options;
    const { pieces, body, ...rest } = reply;
    const origin =
      fault === 'replays-origin' ? [['access-control-allow-origin', String(request.headers.origin)] as const] : [];
    const isTooLarge = body.length > largestReply;
    if (pieces === 'cut' && fault === 'keeps-truncated') return { ...rest, body: body.subarray(0, 4) };
    if (isTooLarge || pieces === 'cut') return problem(410, 'response-not-kept', this.#options);
    const isLost = pieces === 'all' && fault === 'empty-stream';
    return { ...rest, headers: [...rest.headers, ...origin], body: isLost ? Buffer.alloc(0) : body };
  }

  #isKept(status: number): boolean {
    const { fault, afterFailure = 'refuse' } = this.#options;
    if (status === 429) return afterFailure === 'refuse' ? fault !== 'forgets-429' : fault === 'keeps-429';
    if (status >= 500) return afterFailure === 'refuse' ? fault !== 'forgets-5xx' : fault === 'keeps-5xx';
    return status < 400 || fault !== 'forgets-4xx';
  }
}
