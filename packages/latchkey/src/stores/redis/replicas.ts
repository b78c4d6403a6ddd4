/**
 * Waits until replicas have the writes: one WAIT for everything written on a connection in the meantime.
 *
 * @module
 */

import type { Node, Wire } from './clients/wire.ts';

/** How many replicas must have a claim or a result before it counts, and the time limit for that. */
export interface WaitReplicas {
  /** Minimum number of replicas, from 1 to 1,000. */
  readonly replicas: number;
  /** Time limit for them in milliseconds; 1 or more. Other commands on the connection wait too. */
  readonly timeoutMs: number;
}

interface Line {
  /** The pending WAIT. */
  running: Promise<number>;
  /** The next one, for writes since then. */
  next: Promise<number> | undefined;
}

/** Batches WAIT: at most one is pending on each connection, and one more is queued for all later callers. */
export class ReplicaWait {
  readonly #wire: Wire;
  readonly #wanted: WaitReplicas;
  readonly #lines = new WeakMap<object, Line>();

  constructor(wire: Wire, wanted: WaitReplicas) {
    this.#wire = wire;
    this.#wanted = wanted;
  }

  /**
   * The number of replicas that have everything written so far on the connection of this key. It is 0 if the connection
   * was lost meanwhile, because the client may have sent WAIT again to a new server that does not have the write.
   */
  async reached(key: string): Promise<number> {
    const node = await this.#wire.nodeOf(key);
    const epoch = node.epoch();
    const reached = await this.#join(node);
    return node.epoch() === epoch ? reached : 0;
  }

  #join(node: Node): Promise<number> {
    const line = this.#lines.get(node.connection);
    if (line === undefined) return this.#start(node);
    line.next ??= line.running.then(
      () => this.#start(node),
      () => this.#start(node),
    );
    return line.next;
  }

  #start(node: Node): Promise<number> {
    const { replicas, timeoutMs } = this.#wanted;
    const running = node.command('WAIT', String(replicas), String(timeoutMs)).then(Number);
    const line: Line = { running, next: undefined };
    this.#lines.set(node.connection, line);
    const end = () => {
      if (this.#lines.get(node.connection) === line && line.next === undefined) this.#lines.delete(node.connection);
    };
    running.then(end, end);
    return running;
  }
}
