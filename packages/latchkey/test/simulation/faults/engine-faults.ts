/** Faulty engines, made by replacing their parts from outside. */

import { Audit } from '../../../src/core/audit/audit.ts';
import { AttemptContext } from '../../../src/core/engine/attempt-context.ts';
import { Engine } from '../../../src/core/engine/engine.ts';
import { Lease, type LeaseEnd } from '../../../src/core/engine/lease.ts';
import { UndoClaim } from '../../../src/core/engine/undo-claim.ts';
import { sleep } from '../../../src/core/runtime.ts';
import type { ClaimRequest, OperatorStore } from '../../../src/core/store.ts';
import { digestParts } from '../../../src/core/support/digest.ts';
import type { Worker } from '../world/worker.ts';
import type { SimKind } from '../world/worker-store.ts';
import { changed, type Fault, replaced } from './fault.ts';

type Connection = OperatorStore<SimKind>;
type Changes = (good: Connection, worker: Worker) => Partial<Connection>;

/** An engine that gets wrong answers from its store. */
const believing = (changes: Changes): Fault => ({
  spoiling: { connection: (good, worker) => changed(good, changes(good, worker)) },
});

/** A record's id is a digest of scope and key, the same for all operations of a key. */
const recordIds = new Map<string, string>();

/** The lease ends without aborting the handler. */
function endSilently(this: Lease, end: LeaseEnd): void {
  this.end ??= end;
}

export const engineFaults: Readonly<Record<string, Fault>> = {
  'an answer is sent before it is stored': believing((good, { runtime }) => ({
    complete: async (request) => {
      void sleep(runtime.timers, 5)
        .then(() => good.complete(request))
        .catch(() => undefined);
      return 'completed';
    },
  })),

  'a lost completion counts as stored': believing((good) => ({
    complete: async (request) => {
      const outcome = await good.complete(request);
      return outcome === 'lost' ? 'completed' : outcome;
    },
  })),

  'a lost step counts as saved': believing((good) => ({
    saveStep: async (request) => {
      await good.saveStep(request);
      return true;
    },
  })),

  'heartbeats are assumed to succeed and not sent': believing(() => ({ renew: async () => true })),

  'an abandoned takeover becomes open': believing((good) => ({
    abandon: (request) => good.release({ ...request, retentionMs: 3_600_000 }),
  })),

  'a token is used again': {
    spoiling: {
      runtime: (worker) => {
        Object.assign(worker.runtime, { random: { ...worker.runtime.random, uuid: () => 'the same' } });
      },
    },
  },

  'downstream keys derive from the client’s key': {
    spoiling: {
      connection: (good) =>
        changed(good, {
          claim: async (request) => {
            const outcome = await good.claim(request);
            if (outcome.outcome === 'claimed') recordIds.set(outcome.operationId, request.id);
            return outcome;
          },
        }),
    },
    patch: () =>
      replaced(
        AttemptContext.prototype,
        'idempotencyKey',
        () =>
          function (this: AttemptContext, name) {
            return digestParts(recordIds.get(this.operationId) ?? '', name);
          },
      ),
  },

  'the signal is never aborted': { patch: () => replaced(Lease.prototype, 'lose', () => endSilently) },

  'the lease is not checked': {
    patch: () => {
      const undoLose = replaced(Lease.prototype, 'lose', () => endSilently);
      const undoAssert = replaced(Lease.prototype, 'assertHeld', () => () => undefined);
      return () => {
        undoAssert();
        undoLose();
      };
    },
  },

  'the margin before the end of a lease is not kept': believing((good) => ({
    claim: (request: ClaimRequest) => good.claim({ ...request, leaseMs: request.leaseMs * 0.85 }),
    renew: (request) => good.renew({ ...request, leaseMs: request.leaseMs * 0.85 }),
  })),

  'a claim without an answer is not undone': {
    patch: () => replaced(UndoClaim.prototype, 'undo', () => async () => undefined),
  },

  'steps run again though they are saved': {
    patch: () =>
      replaced(
        AttemptContext.prototype,
        'step',
        () =>
          async function (this: AttemptContext, name, fn) {
            const tools = { idempotencyKey: this.idempotencyKey(name), signal: this.signal, mayHaveBegun: false };
            return fn(tools) as never;
          },
      ),
  },

  'a key per attempt goes downstream': {
    patch: () =>
      replaced(
        AttemptContext.prototype,
        'idempotencyKey',
        () =>
          function (this: AttemptContext, name) {
            return digestParts(this.operationId, name, String(this.attempt));
          },
      ),
  },

  'a message has an id per delivery': believing(({ outbox }, { runtime }) => ({
    ...(outbox && {
      outbox: {
        ...outbox,
        take: async (request) => {
          const { messages, dead } = await outbox.take(request);
          return { messages: messages.map((message) => ({ ...message, id: runtime.random.uuid() })), dead };
        },
      },
    }),
  })),

  'a completer begins a record that no longer exists': {
    // Its reads take long, so that the record may be removed or decided on meanwhile.
    ...believing((good, { runtime }) => ({
      read: async (...args) => {
        const record = await good.read(...args);
        await sleep(runtime.timers, 3_000);
        return record;
      },
    })),
    patch: () =>
      replaced(
        Engine.prototype,
        'resume',
        () =>
          function (this: Engine, operation, _, { handler, answering }) {
            return this.run(operation, handler, answering);
          },
      ),
  },

  'a completer ignores the records that it finds': {
    patch: () => replaced(Engine.prototype, 'resume', () => async () => undefined),
  },

  'a hook’s decision is carried out without an audit entry': {
    patch: () =>
      replaced(Audit.prototype, 'write', () => async (_, make) => {
        return { entry: make([]), earlier: [] };
      }),
  },

  'a key is looked up without its principal': { spoiling: { app: { scopesByPrincipal: false } } },

  'a handler may run without a time limit': { spoiling: { app: { endsLongRuns: false } } },

  'requests run while the store is down': { spoiling: { app: { runsWithoutStore: true } } },
};
