/**
 * Points at which the driver can stop the world: the store's calls and the handler's wait.
 *
 * @module
 */

/** A point at which the world can be stopped. */
export type GateName = 'claim' | 'complete' | 'handler';

class Gate {
  readonly reached: Promise<void>;
  readonly opened: Promise<void>;
  #reach: () => void = () => {};
  #open: () => void = () => {};

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  pass(): Promise<void> {
    this.#reach();
    return this.opened;
  }

  open(): void {
    this.#open();
  }
}

/** All gates of one world. They are open until closed, and only stop the first arrival. */
export class Gates {
  readonly #closed = new Map<GateName, Gate>();

  /** Stops the next arrival; resolves when it is stopped. */
  close(name: GateName): Promise<void> {
    const gate = new Gate();
    this.#closed.set(name, gate);
    return gate.reached;
  }

  open(name: GateName): void {
    this.#closed.get(name)?.open();
    this.#closed.delete(name);
  }

  /** Waits here if the gate is closed and nothing waits yet. */
  async pass(name: GateName): Promise<void> {
    const gate = this.#closed.get(name);
    if (gate === undefined || this.#taken.has(gate)) return;
    this.#taken.add(gate);
    await gate.pass();
  }

  readonly #taken = new WeakSet<Gate>();
}
