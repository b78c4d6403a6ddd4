/**
 * One running application, with or without its guard.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from 'latchkey/store';
import type { ManualRuntime } from 'latchkey/testing';
import type { App, GuardSettings } from '../apps/app.ts';
import { makeApp } from '../apps/frameworks.ts';
import { type Call, type Message, messageOf } from '../client/call.ts';
import { Http1Connection } from '../client/http1-call.ts';
import { Http2Connection } from '../client/http2-call.ts';
import { LambdaConnection } from '../client/lambda-call.ts';
import { turns, until, worldClock } from './clock.ts';
import { gatedStore, type StoreWatch } from './gated-store.ts';
import { Gates } from './gates.ts';
import type { Library } from './library.ts';
import { bodyOf, otherBodyOf } from './payload.ts';
import type { Plan, Wire } from './plan.ts';
import { Tools } from './run-log.ts';

/** The lease and the run limit of a handler. */
export const leaseMs = 10_000;
export const maxRunMs = 60_000;
export const waitMs = 3_000;

/** The state shared by all worlds of a run. */
export interface Surroundings {
  readonly library: Library;
  readonly upstream: string;
  readonly file: string;
}

/** A running application. */
export class World {
  readonly plan: Plan;
  readonly gates: Gates;
  readonly tools: Tools;
  readonly clock: ManualRuntime;
  /** Undefined without a guard. */
  readonly watch: StoreWatch | undefined;
  readonly #app: App;
  readonly #open = new Set<unknown>();
  readonly #connections: { close(): void }[] = [];
  readonly #cleanUp: () => Promise<void>;

  private constructor(parts: {
    plan: Plan;
    app: App;
    tools: Tools;
    clock: ManualRuntime;
    watch: StoreWatch | undefined;
    cleanUp: () => Promise<void>;
  }) {
    this.plan = parts.plan;
    this.tools = parts.tools;
    this.gates = parts.tools.gates;
    this.clock = parts.clock;
    this.watch = parts.watch;
    this.#app = parts.app;
    this.#cleanUp = parts.cleanUp;
  }

  /** Creates the application of a plan and starts it. */
  static async start(plan: Plan, guarded: boolean, { library, upstream, file }: Surroundings): Promise<World> {
    const gates = new Gates();
    const tools = new Tools(gates, upstream, file);
    const clock = worldClock(plan.seed);
    const kept = guarded ? storeFor(plan, library, clock) : undefined;
    const gated = kept && gatedStore(kept.store, gates, plan.storeTurns);
    const settings = gated && settingsOf(plan, gated.store, clock);
    const app = await makeApp({ plan, tools, library, settings });
    const cleanUp = async () => kept?.close();
    const world = new World({ plan, app, tools, clock, watch: gated?.watch, cleanUp });
    await world.#listen(app.http1);
    return world;
  }

  get guarded(): boolean {
    return this.watch !== undefined;
  }

  /** Opens the connection for a request of this kind. */
  async connect(wire: Wire): Promise<{ call(message: Message): Call }> {
    const connection = await this.#connection(wire);
    this.#connections.push(connection);
    return connection;
  }

  /** The plan's request, or the same with another payload. */
  message(wire: Wire, payload: 'own' | 'other' = 'own'): Message {
    const { plan } = this;
    return messageOf({
      path: plan.handler === 'an unknown route' ? '/missing' : '/orders',
      key: `key-${plan.seed}`,
      ...(payload === 'own' ? bodyOf(plan) : otherBodyOf(plan)),
      gzipped: plan.gzippedBody,
      chunked: plan.chunkedBody,
      acceptsGzip: wire.acceptsGzip,
    });
  }

  /** Waits until the server has noticed its disconnected clients; a server that does not read may not notice. */
  async clientGone(): Promise<void> {
    await until(() => this.#open.size === 0, 50);
    await turns(3);
  }

  /** Waits until nothing is pending; returns false if something stays pending. */
  async quiet(mostMs: number): Promise<boolean> {
    const { watch, tools } = this;
    const isQuiet = () =>
      (watch === undefined || (watch.pending === 0 && watch.held <= 0)) && tools.runs.every(({ ended }) => ended);
    const quiet = await until(isQuiet, 50, mostMs);
    await turns(5);
    return quiet;
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    const { http1, http2 } = this.#app;
    http1.closeAllConnections();
    await this.#app.close();
    for (const server of [http1, http2]) if (server?.listening) server.close();
    await turns(2);
    await this.#cleanUp();
  }

  async #connection({ protocol }: Wire): Promise<Http1Connection | Http2Connection | LambdaConnection> {
    const { http1, http2, lambda } = this.#app;
    if (lambda !== undefined) return new LambdaConnection(lambda);
    if (protocol === 'http/1.1' || http2 === undefined) return Http1Connection.open(portOf(http1));
    if (!http2.listening) await this.#listen(http2);
    return Http2Connection.open(portOf(http2));
  }

  async #listen(server: Server | NetServer): Promise<void> {
    const track = (opened: { once(name: 'close', then: () => void): unknown }) => {
      this.#open.add(opened);
      opened.once('close', () => this.#open.delete(opened));
    };
    server.on('connection', (socket: Socket) => {
      if (server === this.#app.http1) track(socket);
    });
    server.on('stream', track);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
}

function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port;
}

function settingsOf(plan: Plan, store: Store, runtime: ManualRuntime): GuardSettings {
  const { afterFailure } = plan;
  return {
    store,
    principal: () => 'tenant',
    afterFailure,
    whenRunning: plan.whenRunning === 'wait' ? { waitMs } : 'conflict',
    timing: { leaseMs, maxRunMs },
    log: false,
    runtime,
  };
}

/** `finish` needs a store with transactions. */
function storeFor(plan: Plan, library: Library, runtime: ManualRuntime): { store: Store; close(): Promise<void> } {
  if (plan.handler !== 'finish') {
    const store = library.memoryStore({ runtime });
    return { store, close: () => store.close() };
  }
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-edges-'));
  const store = library.sqliteStore({ database: join(folder, 'records.db'), synchronous: 'normal', runtime });
  return {
    store: store as unknown as Store,
    async close() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}
