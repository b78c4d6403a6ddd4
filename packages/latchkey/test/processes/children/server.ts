/**
 * A server process: a small `node:http` application with a guard. Its settings come as JSON in LATCHKEY_CHILD. It
 * prints `listening PORT`, and ends with its standard input.
 *
 * A path names the route's own settings: `/refuse/30000/reject/` is policy, lease and what a duplicate gets; the
 * store's fault comes last.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { idempotency, type NodeHandler } from '../../../src/adapters/node.ts';
import { type Runtime, systemRuntime } from '../../../src/core/runtime.ts';
import type { AnyOperatorStore, Owner, TransactionKind } from '../../../src/core/store.ts';
import type { RouteOptions } from '../../../src/http/options.ts';
import type { RunEvent, Task } from '../history/events.ts';
import { openLog } from '../history/log.ts';
import { execute, noteOf } from './handler.ts';
import { openStore } from './open-store.ts';
import type { OpenedStore } from './opened-store.ts';
import { recordingStore } from './recording-store.ts';
import { type ChildSettings, settingsVariable } from './settings.ts';
import { spoiltStore } from './spoilt-store.ts';

const settings: ChildSettings = JSON.parse(process.env[settingsVariable] ?? '');
const { worker, clockShiftMs } = settings;
const { clock } = systemRuntime;
const runtime: Runtime = { ...systemRuntime, clock: { ...clock, now: () => clock.now() + clockShiftMs } };
const writeLine = openLog(settings.log);
const owners = new Map<string, Owner>();
const log = (event: RunEvent) => {
  if (event.type === 'claimed') owners.set(`${event.operationId} ${event.attempt}`, event);
  writeLine(event);
};
const { store, ...rest } = await openStore(settings.store, runtime);
const recorded = (kept: AnyOperatorStore) => recordingStore(kept, worker, log);

function guardOf(spoiling: string | undefined) {
  const used = spoiling ? spoiltStore(store, spoiling, recorded) : recorded(store);
  const principal = ({ headers }: IncomingMessage) => String(headers['x-tenant']);
  const guard = idempotency({ store: used, principal, key: { required: true }, runtime });
  return { guard, handler: handlerOn({ ...rest, store: used }) };
}

const handlerOn =
  (opened: OpenedStore): NodeHandler<TransactionKind> =>
  async (request, response, context) => {
    if (context === undefined) throw new Error('A request ran without protection.');
    const task = await taskOf(request);
    const owner = owners.get(`${context.operationId} ${context.attempt}`);
    await execute({ task, context, opened, owner, note: noteOf(log, worker, task, context) }, response);
  };

type Guarded = ReturnType<typeof guardOf>;
const guards = new Map<string, Guarded>();
const listeners = new Map<string, Listener>();

function remembered<Value>(made: Map<string, Value>, name: string, make: () => Value): Value {
  const known = made.get(name);
  if (known !== undefined) return known;
  const value = make();
  made.set(name, value);
  return value;
}

async function taskOf(request: IncomingMessage): Promise<Task> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return JSON.parse(text);
}

function routeOf(path: string): RouteOptions<IncomingMessage> {
  const [, policy, lease, whenRunning] = path.split('/');
  const leaseMs = Number(lease);
  return {
    afterFailure: policy === 'rerun' ? 'rerun' : 'refuse',
    timing: { leaseMs, transactionLeaseMs: 2 * leaseMs, maxAttempts: 1_000, claimTimeoutMs: 5_000 },
    whenRunning: whenRunning === 'wait' ? { waitMs: 10_000 } : 'conflict',
  };
}

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function listenerOf(path: string): Listener {
  return remembered(listeners, path, () => {
    const spoiling = path.split('/')[4] ?? '';
    const { guard, handler } = remembered(guards, spoiling, () => guardOf(spoiling));
    return guard.with(routeOf(path)).wrap(handler);
  });
}

const server = createServer((request, response) => void listenerOf(request.url ?? '/')(request, response));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`);
});
process.stdin.on('end', () => process.exit()).resume();
