/**
 * Reads a server's settings and reports what may lose records.
 *
 * @module
 */

import { StoreUnavailableError } from '../../core/errors.ts';
import type { Clock } from '../../core/runtime.ts';
import type { StoreFinding } from '../../core/store.ts';
import { clockOffset } from '../../core/support/clock-offset.ts';
import type { Node, Wire } from './clients/wire.ts';
import { toStoreError } from './errors.ts';

/** The findings of `doctor`. */
export type RedisFindingCode =
  /** `maxmemory-policy` is not `noeviction`: records may be dropped to make room, and their keys run twice. */
  | 'eviction-policy'
  /** `appendonly` is off: a restart loses all writes since the last snapshot. */
  | 'append-only-off'
  /** `appendfsync` is weaker than required. */
  | 'appendfsync-weak'
  /** The server's clock and this machine's differ. Leases follow the server's clock only, but log times will differ. */
  | 'clock-offset'
  /** The client queues commands while the server is unavailable and sends them later, when no caller waits for them. */
  | 'offline-queue-on'
  /** CONFIG GET is not allowed, as on many managed services: check the settings on the server. */
  | 'settings-hidden';

/** A problem of one server or of the client. */
export interface RedisFinding extends StoreFinding {
  readonly code: RedisFindingCode;
}

/** The options of `doctor`. */
export interface DoctorOptions {
  /** The weakest accepted setting. Default `'everysec'`: a power cut may lose the last second. */
  readonly appendfsync?: 'always' | 'everysec';
  /** The largest accepted difference between the clocks, in milliseconds. Default 1,000. */
  readonly maxClockOffsetMs?: number;
}

const strength = ['no', 'everysec', 'always'];

type Settings = ReadonlyMap<string, string>;

/** Examines every master, and the client. */
export async function examine(wire: Wire, clock: Clock, options: DoctorOptions): Promise<readonly RedisFinding[]> {
  try {
    const nodes = await wire.nodes();
    const findings = await Promise.all(nodes.map((node) => examineNode(node, clock, options)));
    return [...findings.flat(), ...examineClient(wire)];
  } catch (error) {
    throw toStoreError(error);
  }
}

async function examineNode(node: Node, clock: Clock, options: DoctorOptions): Promise<readonly RedisFinding[]> {
  const findings = [...(await examineSettings(node, options)), ...(await examineClock(node, clock, options))];
  return findings.map((finding) => ({ ...finding, server: node.name }));
}

async function examineSettings(node: Node, options: DoctorOptions): Promise<RedisFinding[]> {
  const settings = await settingsOf(node);
  if (settings === undefined)
    return [
      { code: 'settings-hidden', message: 'CONFIG GET is not allowed. Check eviction and persistence on the server.' },
    ];
  return [...evictionFindings(settings), ...persistenceFindings(settings, options.appendfsync ?? 'everysec')];
}

function evictionFindings(settings: Settings): RedisFinding[] {
  const policy = settings.get('maxmemory-policy');
  if (policy === 'noeviction') return [];
  const message = `maxmemory-policy is ${policy}: records may be dropped to make room. Set it to noeviction.`;
  return [{ code: 'eviction-policy', message }];
}

function persistenceFindings(settings: Settings, wanted: string): RedisFinding[] {
  if (settings.get('appendonly') !== 'yes')
    return [{ code: 'append-only-off', message: 'appendonly is off: a restart loses records. Set it to yes.' }];
  const actual = settings.get('appendfsync') ?? 'unknown';
  if (strength.indexOf(actual) >= strength.indexOf(wanted)) return [];
  return [{ code: 'appendfsync-weak', message: `appendfsync must be at least ${wanted}; it is ${actual}.` }];
}

/** Undefined if the server does not allow it. */
async function settingsOf(node: Node): Promise<Settings | undefined> {
  const settings = new Map<string, string>();
  for (const name of ['maxmemory-policy', 'appendonly', 'appendfsync']) {
    const reply = await node.command('CONFIG', 'GET', name).catch(refusedOrThrow);
    const value = reply === undefined ? undefined : valueIn(reply, name);
    if (value === undefined) return undefined;
    settings.set(name, value);
  }
  return settings;
}

/** A server that answers with an error is available. */
function refusedOrThrow(error: unknown): undefined {
  if (error instanceof Error && /^(ERR|NOPERM)\b/.test(error.message)) return undefined;
  throw error;
}

/** Depending on their settings, clients return a map as a flat array, an object or a Map. */
function valueIn(reply: unknown, name: string): string | undefined {
  if (Array.isArray(reply)) return textOf(reply[1]);
  if (reply instanceof Map) return textOf(reply.get(name));
  return typeof reply === 'object' && reply !== null ? textOf(Reflect.get(reply, name)) : undefined;
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

async function examineClock(node: Node, clock: Clock, options: DoctorOptions): Promise<RedisFinding[]> {
  const offsetMs = await clockOffset(clock, () => timeOn(node));
  if (Math.abs(offsetMs) <= (options.maxClockOffsetMs ?? 1_000)) return [];
  return [{ code: 'clock-offset', message: `The server's clock is ${offsetMs} ms ahead of this machine's.` }];
}

async function timeOn(node: Node): Promise<number> {
  const reply = await node.command('TIME');
  const [seconds, microseconds]: readonly unknown[] = Array.isArray(reply) ? reply : [];
  return Number(seconds) * 1000 + Number(microseconds) / 1000;
}

/** The time of the first master; `examine` compares the clocks of all. */
export async function timeOf(wire: Wire): Promise<number> {
  const [node] = await wire.nodes();
  if (node === undefined) throw new StoreUnavailableError('The Redis cluster has no master.');
  return timeOn(node);
}

function examineClient(wire: Wire): RedisFinding[] {
  if (wire.queuesOffline() !== true) return [];
  const message =
    'The client queues commands while Redis is unavailable. Set enableOfflineQueue: false (ioredis) or disableOfflineQueue: true (redis).';
  return [{ code: 'offline-queue-on', message }];
}
