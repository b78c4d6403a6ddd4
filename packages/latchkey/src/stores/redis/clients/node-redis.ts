/**
 * `redis` (node-redis) from release 4 on: a client, a cluster, and servers behind Sentinel.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { StoreUnavailableError } from '../../../core/errors.ts';
import { keySlot } from './key-slot.ts';
import { type Argument, forget, type Node, type Subscriber, type Wire } from './wire.ts';

/** The methods of a client of `createClient` that the store calls. */
export interface NodeRedisClient {
  readonly options?:
    | {
        readonly disableOfflineQueue?: boolean;
        readonly socket?: object;
        readonly commandOptions?: { readonly timeout?: number | undefined };
      }
    | undefined;
  /** Whether commands are sent at once. */
  readonly isReady: boolean;
  /** Changes with each reconnection. Release 4 does not have it. */
  readonly socketEpoch?: number;
  sendCommand(args: Argument[], options?: NodeRedisCommandOptions): Promise<unknown>;
  duplicate(): NodeRedisSubscriber;
  on(event: 'ready', listener: () => void): unknown;
}

/** The methods of a cluster of `createCluster` that the store calls. */
export interface NodeRedisCluster extends NodeRedisSubscriptions {
  readonly masters: readonly NodeRedisMaster[];
  readonly slots: readonly { readonly master: NodeRedisMaster }[];
  sendCommand(key: string, isReadonly: boolean, args: Argument[], options?: NodeRedisCommandOptions): Promise<unknown>;
  nodeClient(node: never): unknown;
}

/** The methods of a client of `createSentinel` that the store calls. */
export interface NodeRedisSentinel extends NodeRedisSubscriptions {
  sendCommand(isReadonly: boolean, args: Argument[], options?: NodeRedisCommandOptions): Promise<unknown>;
  getMasterNode(): { readonly host: string; readonly port: number } | undefined;
}

export interface NodeRedisMaster {
  readonly address: string;
}

export interface NodeRedisCommandOptions {
  /** From the type byte of a reply (`$` is a string of bytes) to its type in JavaScript, since release 5. */
  readonly typeMapping?: { readonly 36?: typeof Buffer };
  /** The same in release 4. */
  readonly returnBuffers?: boolean;
}

export interface NodeRedisSubscriptions {
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

export interface NodeRedisSubscriber extends NodeRedisSubscriptions {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
  destroy?(): void;
  /** What `destroy` is called in release 4. */
  disconnect?(): unknown;
}

/** Number of reconnections of a client of release 4 since it was first used here. */
const connections = new WeakMap<NodeRedisClient, { count: number }>();

type Send = (key: string, args: Argument[]) => Promise<unknown>;

/** Sent with each command, since the user's client may have its own mapping. */
const binary: NodeRedisCommandOptions = { typeMapping: { 36: Buffer }, returnBuffers: true };
/** See {@link optionsWhenReady}. */
const binaryAtOnce = { ...binary, timeout: undefined };
const text: NodeRedisCommandOptions = { typeMapping: {}, returnBuffers: false };

function writing(send: Send): Pick<Wire, 'setNew' | 'evalSha' | 'eval'> {
  return {
    setNew: (key, value, lifeMs) => send(key, ['SET', key, value, 'PX', String(lifeMs), 'NX', 'GET']),
    evalSha: (sha, key, args) => send(key, ['EVALSHA', sha, '1', key, ...args]),
    eval: (source, key, args) => send(key, ['EVAL', source, '1', key, ...args]),
  };
}

/** Sends commands through one client. */
export function nodeRedisWire(client: NodeRedisClient): Wire {
  const node = nodeOf(client, addressOf(client));
  const ready = optionsWhenReady(client);
  return {
    ...writing((_key, args) => client.sendCommand(args, client.isReady ? ready : binary)),
    nodes: async () => [node],
    nodeOf: async () => node,
    subscriber: (onMessage) => ownSubscriber(client.duplicate(), onMessage),
    queuesOffline: () => client.options?.disableOfflineQueue !== true,
  };
}

/**
 * Release 6 creates an AbortSignal for each command, to limit its wait before it is sent. The signal lives for five
 * seconds and costs more time than the command itself. A command that is sent at once does not need one, so it is sent
 * without, unless the user has set a limit.
 */
function optionsWhenReady({ options }: NodeRedisClient): NodeRedisCommandOptions {
  return options?.commandOptions?.timeout === undefined ? binaryAtOnce : binary;
}

/** Sends commands through a cluster. */
export function nodeRedisClusterWire(cluster: NodeRedisCluster): Wire {
  const master = async (node: NodeRedisMaster) => nodeOf(await clientOf(cluster, node), node.address);
  return {
    ...writing((key, args) => cluster.sendCommand(key, false, args, binary)),
    nodes: () => Promise.all([...cluster.masters].sort((a, b) => (a.address < b.address ? -1 : 1)).map(master)),
    nodeOf: async (key) => {
      const node = cluster.slots[keySlot(key)]?.master;
      if (node === undefined) throw new StoreUnavailableError('The cluster has no known master for this record.');
      return master(node);
    },
    subscriber: (onMessage) => sharedSubscriber(cluster, onMessage),
    queuesOffline: () => undefined,
  };
}

/** Sends commands to the master that the Sentinels name. */
export function nodeRedisSentinelWire(sentinel: NodeRedisSentinel): Wire {
  const node = (): Node => {
    const command = (...args: readonly string[]) => sentinel.sendCommand(false, [...args], text);
    return { connection: sentinel, epoch: () => masterName(sentinel), name: masterName(sentinel), command };
  };
  return {
    ...writing((_key, args) => sentinel.sendCommand(false, args, binary)),
    nodes: async () => [node()],
    nodeOf: async () => node(),
    subscriber: (onMessage) => sharedSubscriber(sentinel, onMessage),
    queuesOffline: () => undefined,
  };
}

/** Changes with a failover; a Sentinel client does not report a mere reconnection. */
function masterName(sentinel: NodeRedisSentinel): string {
  const { host = 'unknown', port = 0 } = sentinel.getMasterNode() ?? {};
  return `${host}:${port}`;
}

function nodeOf(client: NodeRedisClient, name: string): Node {
  return {
    connection: client,
    epoch: epochOf(client),
    name,
    command: (...args) => client.sendCommand([...args], text),
  };
}

function epochOf(client: NodeRedisClient): () => number | undefined {
  if (client.socketEpoch !== undefined) return () => client.socketEpoch;
  const counted = connections.get(client) ?? { count: 0 };
  if (!connections.has(client)) client.on('ready', () => counted.count++);
  connections.set(client, counted);
  return () => counted.count;
}

function addressOf({ options }: NodeRedisClient): string {
  const socket = options?.socket ?? {};
  return `${Reflect.get(socket, 'host') ?? 'localhost'}:${Reflect.get(socket, 'port') ?? 6379}`;
}

/** The cluster's own types include all modules in the client of a node, which are not needed here. */
async function clientOf(cluster: NodeRedisCluster, node: NodeRedisMaster): Promise<NodeRedisClient> {
  const client: unknown = await Reflect.apply(cluster.nodeClient, cluster, [node]);
  if (isClient(client)) return client;
  throw new StoreUnavailableError('The cluster returned no client for one of its masters.');
}

function isClient(value: unknown): value is NodeRedisClient {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'sendCommand') === 'function';
}

/** A subscribed client cannot send other commands (RESP2), so a duplicate of the user's client subscribes. */
function ownSubscriber(client: NodeRedisSubscriber, onMessage: (channel: string) => void): Subscriber {
  client.on('error', () => {});
  forget(client.connect());
  return { ...sharedSubscriber(client, onMessage), close: () => forget(destroy(client)) };
}

/** Throws if the client never connected. */
async function destroy(client: NodeRedisSubscriber): Promise<void> {
  if (client.destroy) client.destroy();
  else await client.disconnect?.();
}

/** Clusters and Sentinel clients keep a separate connection for messages themselves. */
function sharedSubscriber(client: NodeRedisSubscriptions, onMessage: (channel: string) => void): Subscriber {
  const channels = new Set<string>();
  const unsubscribe = (channel: string) => {
    channels.delete(channel);
    forget(client.unsubscribe(channel));
  };
  return {
    subscribe: (channel) => {
      channels.add(channel);
      forget(client.subscribe(channel, () => onMessage(channel)));
    },
    unsubscribe,
    close: () => channels.forEach(unsubscribe),
  };
}
