/**
 * Places where the world stands still until the driver lets it go on: the store's calls and the handler's own wait.
 *
 * @module
 */

/** Where the world can be stopped. */
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

/** All gates of one world. They are open until they are closed, and stop the first that comes only. */
export class Gates {
  readonly #closed = new Map<GateName, Gate>();

  /** Stops whoever comes next; resolves when somebody has. */
  close(name: GateName): Promise<void> {
    const gate = new Gate();
    this.#closed.set(name, gate);
    return gate.reached;
  }

  open(name: GateName): void {
    this.#closed.get(name)?.open();
    this.#closed.delete(name);
  }

  /** Waits here if the gate is closed and nobody waits yet. */
  async pass(name: GateName): Promise<void> {
    const gate = this.#closed.get(name);
    if (gate === undefined || this.#taken.has(gate)) return;
    this.#taken.add(gate);
    await gate.pass();
  }

  readonly #taken = new WeakSet<Gate>();
}
