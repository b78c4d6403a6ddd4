/** A worker's view of the store: every call is a message. */

import { LeaseLostError, StoreUnavailableError } from '../../../src/core/errors.ts';
import type { Outbox } from '../../../src/core/outbox.ts';
import { sleep } from '../../../src/core/runtime.ts';
import type {
  AnyOperatorStore,
  ClaimRequest,
  OperatorStore,
  RenewRequest,
  Transacted,
  TransactionOutcome,
  TransactionWrite,
} from '../../../src/core/store.ts';
import type { Chance } from './chance.ts';
import type { Database, Fate, Rows } from './database.ts';
import type { Network } from './network.ts';
import type { Weather } from './plan.ts';
import type { OwnerMethod, Server } from './server.ts';
import type { Worker } from './worker.ts';

/** The longest wait for a connection of the pool, in leases. */
const longestWait = 3;
/** Number of queries for the outcome of a commit. */
const betweenLooksMs = 20;

/** The simulated store's transactions. */
export interface SimKind {
  readonly handle: Rows;
  readonly mode: 'async';
}

type Body<T> = (handle: Rows) => Transacted<T> | Promise<Transacted<T>>;

/** The parameters of a worker's store. */
export interface Wires {
  readonly worker: Worker;
  readonly network: Network;
  readonly server: Server;
  readonly database: Database;
  readonly chance: Chance;
  readonly weather: Weather;
}

/** One worker's connection. */
export function workerStore(wires: Wires): OperatorStore<SimKind> {
  const { worker, network, server } = wires;
  const write =
    <Method extends OwnerMethod>(method: Method) =>
    (request: Parameters<AnyOperatorStore[Method]>[0]) =>
      network.call(worker, method, () => server.write(worker.name, method, request));
  return {
    name: 'simulated',
    volatile: false,
    claim: (request) => claim(wires, request),
    renew: write('renew'),
    complete: write('complete'),
    release: write('release'),
    abandon: write('abandon'),
    saveStep: write('saveStep'),
    resolve: write('resolve'),
    transaction: (request, body) => new Conversation(wires, request).run(body),
    watch: (id, onChange) => server.store.watch?.(id, () => network.tell(() => worker.deliver(onChange))) ?? (() => {}),
    read: (id) => network.call(worker, 'read', () => server.store.read(id)),
    list: (request) => network.call(worker, 'list', () => server.store.list(request)),
    erase: (principal) => network.call(worker, 'erase', () => server.store.erase(principal)),
    sweep: (limit) => network.call(worker, 'sweep', () => server.store.sweep(limit)),
    ping: () => network.call(worker, 'ping', () => server.store.ping()),
    close: async () => {},
    outbox: outboxOf(wires),
  };
}

function outboxOf({ worker, network, server: { post } }: Wires): Outbox<SimKind> {
  const ask = <T>(method: string, apply: () => T) => network.call(worker, method, async () => apply());
  return {
    enqueue: async (rows, message) => {
      rows.post(message);
      return true;
    },
    take: (request) => ask('take', () => post.take(request)),
    delivered: (id, token) => ask('delivered', () => post.delivered(id, token)),
    postpone: (id, token, delayMs) => ask('postpone', () => post.postpone(id, token, delayMs)),
    bury: (id, token) => ask('bury', () => post.delivered(id, token)),
    list: async () => ({ messages: [] }),
    retry: async () => false,
  };
}

async function claim({ worker, network, server }: Wires, request: ClaimRequest) {
  const { outcome, order } = await network.call(worker, 'claim', async () => {
    const outcome = await server.claim(worker.name, request);
    worker.claims += 1;
    return { outcome, order: worker.claims };
  });
  if (outcome.outcome !== 'claimed') return outcome;
  const name = `${outcome.operationId} ${outcome.attempt}`;
  // A claim that was given back leaves its attempt number to a later claim, and its answer may arrive after that
  // claim's.
  if (order > (worker.tokens.get(name)?.order ?? 0)) worker.tokens.set(name, { token: request.token, order });
  return outcome;
}

/** The client's side of one transaction. */
class Conversation {
  readonly #wires: Wires;
  readonly #request: RenewRequest;
  readonly #id: string;
  readonly #deadline: number;

  constructor(wires: Wires, request: RenewRequest) {
    this.#wires = wires;
    this.#request = request;
    const { clock, random } = wires.worker.runtime;
    this.#id = random.uuid();
    this.#deadline = clock.monotonic() + request.leaseMs;
  }

  async run<T>(body: Body<T>): Promise<TransactionOutcome<T>> {
    const { database, worker } = this.#wires;
    await this.#connect();
    const begun = await this.#ask('begin', () => database.begin(worker.name, this.#id, this.#request)).catch((error) =>
      this.#giveUp(error),
    );
    if (begun === 'lost') return { outcome: 'lost' };
    const made = await this.#inside(body);
    return (await this.#commit(made.write)) ? { outcome: 'committed', value: made.value } : this.#giveUp(overdue());
  }

  async #connect(): Promise<void> {
    const { chance, weather, network, worker } = this.#wires;
    if (network.isHealed || !chance.happens(weather.pooled)) return;
    await sleep(worker.runtime.timers, chance.fraction() * longestWait * this.#request.leaseMs);
    if (this.#leftMs <= 0) throw new StoreUnavailableError('No connection was free in time.');
  }

  async #inside<T>(body: Body<T>): Promise<Transacted<T>> {
    const { database } = this.#wires;
    try {
      return await body({
        insert: (row) => database.insert(this.#id, row),
        post: (message) => database.post(this.#id, message),
      });
    } catch (error) {
      return this.#giveUp(error);
    }
  }

  /** True once it is known to be committed. */
  async #commit(write: TransactionWrite): Promise<boolean> {
    const { database } = this.#wires;
    if (this.#leftMs <= 0) return false;
    try {
      return (await this.#ask('commit', () => database.commit(this.#id, write))) === 'committed';
    } catch {
      return this.#fate();
    }
  }

  async #fate(): Promise<boolean> {
    const { database, worker } = this.#wires;
    while (this.#leftMs > 0) {
      const ask = this.#ask('fate', async (): Promise<Fate> => database.fateOf(this.#id));
      const fate = await ask.catch(() => 'open');
      if (fate !== 'open') return fate === 'committed';
      await sleep(worker.runtime.timers, betweenLooksMs);
    }
    throw new StoreUnavailableError('Whether the commit happened could not be found out.');
  }

  get #leftMs(): number {
    return this.#deadline - this.#wires.worker.runtime.clock.monotonic();
  }

  /** Sends a rollback; if it is lost, the server rolls back later. */
  #giveUp(error: unknown): never {
    const { network, worker, database } = this.#wires;
    network.call(worker, 'rollback', () => database.rollBack(this.#id)).catch(() => undefined);
    throw error;
  }

  #ask<T>(method: string, apply: () => Promise<T>): Promise<T> {
    const { network, worker } = this.#wires;
    return new Promise((resolve, reject) => {
      const tooLate = () => reject(new StoreUnavailableError(`${method} got no answer in time.`));
      const timer = worker.runtime.timers.set(tooLate, Math.max(1, this.#leftMs));
      const done = () => worker.runtime.timers.clear(timer);
      network.call(worker, method, apply).then(resolve, reject).finally(done);
    });
  }
}

function overdue(): LeaseLostError {
  return new LeaseLostError('The transaction took longer than its lease. It was rolled back.');
}
