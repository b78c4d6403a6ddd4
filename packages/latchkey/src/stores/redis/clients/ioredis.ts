/**
 * `ioredis`: a single server, servers behind Sentinel (the same class), a cluster.
 *
 * Commands to a single server in one turn of the event loop are sent as one pipeline: in one write, and cheaper than
 * with the library's auto-pipelining.
 *
 * @module
 */

import { StoreUnavailableError } from '../../../core/errors.ts';
import { keySlot } from './key-slot.ts';
import { type Argument, forget, type Node, type Subscriber, type Wire } from './wire.ts';

/** The methods of a `Redis` of ioredis that the store calls. */
export interface IoredisClient extends IoredisNode {
  pipeline(): IoredisPipeline;
  duplicate(options: { enableOfflineQueue: true; lazyConnect: false; maxRetriesPerRequest: null }): IoredisSubscriber;
}

/** The methods of a `Cluster` of ioredis that the store calls. */
export interface IoredisCluster extends IoredisCommands {
  readonly isCluster: boolean;
  readonly options: IoredisOptions;
  readonly slots: readonly (readonly string[])[];
  nodes(role: 'master'): readonly IoredisNode[];
  duplicate(nodes: [], options: { enableOfflineQueue: true; lazyConnect: false }): IoredisSubscriber;
}

export interface IoredisCommands {
  evalsha(sha: string, keys: number, ...args: Argument[]): Promise<unknown>;
  eval(source: string, keys: number, ...args: Argument[]): Promise<unknown>;
  call(command: string, ...args: string[]): Promise<unknown>;
}

export interface IoredisNode extends IoredisCommands {
  readonly options: IoredisOptions;
  readonly stream: unknown;
}

export interface IoredisOptions {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly keyPrefix?: string | undefined;
  readonly enableOfflineQueue?: boolean | undefined;
  readonly stringNumbers?: boolean | undefined;
  /** Of a cluster: the options of its connections. */
  readonly redisOptions?: { readonly stringNumbers?: boolean | undefined } | undefined;
}

export interface IoredisSubscriber {
  on(event: 'message', listener: (channel: string) => void): unknown;
  on(event: 'error', listener: () => void): unknown;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  disconnect(): void;
}

/** The commands that return replies as bytes. The library has them for every command but types only a few. */
interface BinaryCommands {
  setBuffer(...args: readonly Argument[]): unknown;
  evalshaBuffer(...args: readonly Argument[]): unknown;
  evalBuffer(...args: readonly Argument[]): unknown;
}

/** The methods of a pipeline of ioredis that the store calls. */
export interface IoredisPipeline {
  exec(): Promise<IoredisResults | null>;
}

export type IoredisResults = readonly (readonly [error: Error | null, reply: unknown])[];

/** Sends commands through ioredis. */
export function ioredisWire(client: IoredisClient | IoredisCluster): Wire {
  return {
    ...writing(withNumbers(client.options, 'nodes' in client ? sendingTo(client) : sendingByTurns(client))),
    nodes: async () => ('nodes' in client ? (await masters(client)).map(nodeOf) : [nodeOf(client)]),
    nodeOf: async (key) => ('nodes' in client ? masterOf(client, key) : nodeOf(client)),
    subscriber: (onMessage) =>
      'nodes' in client
        ? listen(client.duplicate([], { enableOfflineQueue: true, lazyConnect: false }), onMessage)
        : listen(
            client.duplicate({ enableOfflineQueue: true, lazyConnect: false, maxRetriesPerRequest: null }),
            onMessage,
          ),
    queuesOffline: () => client.options.enableOfflineQueue !== false,
  };
}

/** Sends a command whose reply is returned as bytes. */
type Send = (command: keyof BinaryCommands, args: readonly Argument[]) => Promise<unknown>;

/** With `stringNumbers`, ioredis returns integers as strings; strings of bytes are Buffers in either case. */
function withNumbers({ stringNumbers, redisOptions }: IoredisOptions, send: Send): Send {
  if (stringNumbers !== true && redisOptions?.stringNumbers !== true) return send;
  return async (command, args) => {
    const reply = await send(command, args);
    return typeof reply === 'string' ? Number(reply) : reply;
  };
}

function writing(send: Send): Pick<Wire, 'setNew' | 'evalSha' | 'eval'> {
  return {
    setNew: (key, value, lifeMs) => send('setBuffer', [key, value, 'PX', String(lifeMs), 'NX', 'GET']),
    evalSha: (sha, key, args) => send('evalshaBuffer', [sha, '1', key, ...args]),
    eval: (source, key, args) => send('evalBuffer', [source, '1', key, ...args]),
  };
}

/** In a cluster, each pipeline goes to one node; with auto-pipelining, ioredis creates them by slot. */
function sendingTo(cluster: IoredisCluster): Send {
  const commands = binaryCommands(cluster);
  return async (command, args) => commands[command](...args);
}

function sendingByTurns(client: IoredisClient): Send {
  binaryCommands(client);
  const turn = new Turn(client);
  return (command, args) => turn.send(command, args);
}

interface Waiting {
  readonly command: keyof BinaryCommands;
  readonly args: readonly Argument[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects the commands of one turn of the event loop. */
class Turn {
  readonly #client: { pipeline(): IoredisPipeline };
  #waiting: Waiting[] = [];
  readonly #end = () => this.#flush();

  constructor(client: { pipeline(): IoredisPipeline }) {
    this.#client = client;
  }

  send(command: keyof BinaryCommands, args: readonly Argument[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(this.#end);
      this.#waiting.push({ command, args, resolve, reject });
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const fail = (error: unknown) => {
      for (const { reject } of waiting) reject(error);
    };
    try {
      // A pipeline has the commands of its client.
      const pipeline = this.#client.pipeline() as IoredisPipeline & BinaryCommands;
      for (const { command, args } of waiting) pipeline[command](...args);
      pipeline.exec().then((results) => settle(waiting, results), fail);
    } catch (error) {
      fail(error);
    }
  }
}

function settle(waiting: readonly Waiting[], results: IoredisResults | null): void {
  let index = 0;
  for (const { resolve, reject } of waiting) {
    const [error, reply] = results?.[index++] ?? [new Error('The ioredis pipeline returned no reply.')];
    if (error === null) resolve(reply);
    else reject(error);
  }
}

/** @throws TypeError if ioredis lacks these commands. */
function binaryCommands(target: object): BinaryCommands {
  if (hasBinaryCommands(target)) return target;
  throw new TypeError('This ioredis has no setBuffer, evalshaBuffer and evalBuffer.');
}

function hasBinaryCommands(target: object): target is BinaryCommands {
  return ['setBuffer', 'evalshaBuffer', 'evalBuffer'].every((name) => name in target);
}

function nodeOf(client: IoredisNode): Node {
  return {
    connection: client,
    epoch: () => client.stream,
    name: nameOf(client.options),
    command: (command = '', ...args) => client.call(command, ...args),
  };
}

function nameOf({ host = 'localhost', port = 6379 }: IoredisOptions): string {
  return `${host}:${port}`;
}

/** A cluster that was never used does not know its masters yet. */
async function masters(cluster: IoredisCluster) {
  if (cluster.nodes('master').length === 0) await cluster.call('PING');
  return [...cluster.nodes('master')].sort((a, b) => (nameOf(a.options) < nameOf(b.options) ? -1 : 1));
}

function masterOf(cluster: IoredisCluster, key: string): Node {
  const [name] = cluster.slots[keySlot(key)] ?? [];
  const master = cluster.nodes('master').find(({ options }) => nameOf(options) === name);
  if (master === undefined) throw new StoreUnavailableError('The cluster has no known master for this record.');
  return nodeOf(master);
}

function listen(client: IoredisSubscriber, onMessage: (channel: string) => void): Subscriber {
  client.on('message', onMessage);
  client.on('error', () => {});
  return {
    subscribe: (channel) => forget(client.subscribe(channel)),
    unsubscribe: (channel) => forget(client.unsubscribe(channel)),
    close: () => client.disconnect(),
  };
}
