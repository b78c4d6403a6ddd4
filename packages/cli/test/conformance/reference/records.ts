/** The records of the reference server, optionally in a file. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { ReferenceOptions } from './faults.ts';

/** An answer of the application, or of the layer. */
export interface Reply {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** Sent in two pieces; `cut` breaks off after the first. */
  readonly pieces?: 'all' | 'cut';
}

export interface Entry {
  readonly fingerprint: string;
  readonly token: string;
  readonly expiresAt: number;
  /** Absent while the operation runs. */
  readonly reply?: Reply;
  /** The worker that ran it is dead. */
  readonly lapsed?: boolean;
}

interface Saved {
  readonly count: number;
  readonly entries: readonly (readonly [
    string,
    Omit<Entry, 'reply'> & { reply?: Omit<Reply, 'body'> & { body: string } },
  ])[];
}

export class Records {
  /** How often the operation ran. */
  count = 0;
  readonly #entries = new Map<string, Entry>();
  readonly #options: ReferenceOptions;

  constructor(options: ReferenceOptions) {
    this.#options = options;
    const { file, fault } = options;
    if (file === undefined || !existsSync(file)) return;
    const saved = JSON.parse(readFileSync(file, 'utf8')) as Saved;
    this.count = saved.count;
    if (fault === 'memory-only') return;
    for (const [id, { reply, ...entry }] of saved.entries) {
      if (reply === undefined && fault === 'restart-runs-again') continue;
      const lapsed = reply === undefined && fault !== 'restart-holds-key';
      const restored = reply && { reply: { ...reply, body: Buffer.from(reply.body, 'base64') } };
      this.#entries.set(id, { ...entry, lapsed, ...restored });
    }
  }

  get(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    const isOver = entry?.reply !== undefined && entry.expiresAt < Date.now();
    return isOver && this.#options.fault !== 'never-expires' ? undefined : entry;
  }

  set(id: string, entry: Entry): void {
    this.#entries.set(id, entry);
    this.#save();
  }

  delete(id: string): void {
    this.#entries.delete(id);
    this.#save();
  }

  countExecution(): number {
    this.count += 1;
    this.#save();
    return this.count;
  }

  #save(): void {
    const { file } = this.#options;
    if (file === undefined) return;
    const entries = [...this.#entries].map(([id, { reply, ...entry }]) => [
      id,
      { ...entry, ...(reply && { reply: { ...reply, body: reply.body.toString('base64') } }) },
    ]);
    writeFileSync(file, JSON.stringify({ count: this.count, entries }));
  }
}
