/**
 * Waits until replicas have what was written: WAIT, once for everything that was written on a connection meanwhile.
 *
 * @module
 */

import type { Node, Wire } from './clients/wire.ts';

/** How many replicas must have a claim or a result before it counts, and how long that may take. */
export interface WaitReplicas {
  /** At least this many; 1 or more. */
  readonly replicas: number;
  /** How long to wait for them, in milliseconds; 1 or more. Other commands on the connection wait too. */
  readonly timeoutMs: number;
}

interface Line {
  /** The WAIT that is under way. */
  running: Promise<number>;
  /** The one that comes after it, for what was written since. */
  next: Promise<number> | undefined;
}

/** Batches WAIT: at most one is under way on each connection, and one more stands for all who came after. */
export class ReplicaWait {
  readonly #wire: Wire;
  readonly #wanted: WaitReplicas;
  readonly #lines = new WeakMap<object, Line>();

  constructor(wire: Wire, wanted: WaitReplicas) {
    this.#wire = wire;
    this.#wanted = wanted;
  }

  /**
   * How many replicas have everything that was written so far on the connection of this key; none if the connection
   * was lost meanwhile: a client may send WAIT again to a server that took over, which knows nothing of the write.
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
