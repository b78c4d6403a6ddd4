import type {
  AfterFailure,
  ClaimOutcome,
  OperatorStore,
  Resolution,
  StoredRecord,
  Takeover,
  TransactionKind,
} from '../../../src/core/store.ts';

/** Durations of the model, in milliseconds. */
export const leaseMs = 10;
export const retentionMs = 20;
export const unresolvedRetentionMs = 30;
export const maxResultBytes = 8;
export const principals = ['first', 'second'] as const;

/** One call of a store's method, as plain data. */
export type Call =
  | {
      readonly method: 'claim';
      readonly id: string;
      readonly token: string;
      readonly fingerprint: string;
      readonly acceptsAny: boolean;
      readonly policy: AfterFailure;
      readonly takeover: Takeover;
      readonly maxAttempts: number;
      readonly request: string | undefined;
    }
  | { readonly method: 'renew' | 'release' | 'abandon'; readonly id: string; readonly token: string }
  | { readonly method: 'complete'; readonly id: string; readonly token: string; readonly text: string }
  | {
      readonly method: 'saveStep';
      readonly id: string;
      readonly token: string;
      readonly name: string;
      readonly text: string;
    }
  | {
      readonly method: 'resolve';
      readonly id: string;
      readonly token: string;
      readonly decision: Resolution['decision'];
    }
  | {
      readonly method: 'transaction';
      readonly id: string;
      readonly token: string;
      readonly end: 'step' | 'result' | 'throw';
      readonly text: string;
    }
  | { readonly method: 'erase'; readonly principal: string }
  | { readonly method: 'sweep'; readonly limit: number }
  | { readonly method: 'read'; readonly id: string }
  | { readonly method: 'list'; readonly state: StoredRecord['state'] };

export const fingerprints = ['print-1', 'print-2'] as const;

/** The principal of a record, determined by its id. */
export function principalOf(id: string): string {
  return id < 'b' ? principals[0] : principals[1];
}

export function operationIdOf(token: string): string {
  return `operation-of-${token}`;
}

/** Every call of a store without transactions. */
export type PlainCall = Exclude<Call, { readonly method: 'transaction' }>;

/** Calls the store, and makes its answer comparable. */
export async function callStore<Kind extends TransactionKind>(
  store: OperatorStore<Kind>,
  call: PlainCall,
): Promise<unknown> {
  switch (call.method) {
    case 'claim':
      return claimAnswer(await store.claim(claimRequest(call)));
    case 'renew':
      return store.renew({ ...call, leaseMs, unresolvedRetentionMs });
    case 'release':
      return store.release({ ...call, retentionMs });
    case 'abandon':
      return store.abandon({ ...call, unresolvedRetentionMs });
    case 'complete':
      return store.complete({ ...call, result: resultOf(call.text), tombstone: bytesOf('gone'), retentionMs });
    case 'saveStep':
      return store.saveStep({ ...call, value: bytesOf(call.text) });
    case 'resolve':
      return store.resolve({ ...call, resolution: resolutionOf(call.decision) });
    case 'erase':
      return store.erase(call.principal);
    case 'sweep':
      return (await store.sweep(call.limit)) <= call.limit;
    case 'read':
      return recordAnswer(await store.read(call.id));
    case 'list':
      return listedIds(store, call.state);
  }
}

function claimRequest(call: Extract<Call, { method: 'claim' }>) {
  const { acceptsAny, fingerprint, request, ...rest } = call;
  return {
    ...rest,
    fingerprint,
    acceptable: acceptsAny ? fingerprints : [fingerprint],
    principal: principalOf(call.id),
    operation: 'POST /charges',
    operationId: operationIdOf(call.token),
    leaseMs,
    unresolvedRetentionMs,
    ...(request !== undefined && { request: bytesOf(request) }),
  };
}

async function listedIds<Kind extends TransactionKind>(
  store: OperatorStore<Kind>,
  state: StoredRecord['state'],
): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ state, limit: 2, ...(cursor !== undefined && { cursor }) });
    ids.push(...page.records.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  return ids.sort();
}

function claimAnswer(outcome: ClaimOutcome): unknown {
  if (outcome.outcome === 'claimed') return { ...outcome, steps: stepsAnswer(outcome.steps) };
  if (outcome.outcome === 'completed') return { ...outcome, result: resultAnswer(outcome.result) };
  return outcome;
}

function recordAnswer(record: StoredRecord | undefined): unknown {
  if (record === undefined) return 'absent';
  const { state, fingerprint, policy, token, attempt, operationId, expiresAtMs } = record;
  const result = record.result && resultAnswer(record.result);
  return {
    state,
    fingerprint,
    policy,
    token,
    attempt,
    operationId,
    expiresAtMs,
    steps: stepsAnswer(record.steps),
    result,
    request: record.request && new TextDecoder().decode(record.request),
  };
}

function stepsAnswer(steps: ReadonlyMap<string, Uint8Array>): unknown {
  return [...steps].map(([name, value]) => [name, new TextDecoder().decode(value)]);
}

function resultAnswer(result: { readonly kind: string; readonly bytes: Uint8Array }): string {
  return `${result.kind} ${new TextDecoder().decode(result.bytes)}`;
}

function resolutionOf(decision: Resolution['decision']): Resolution {
  if (decision === 'respond') return { decision, result: resultOf('by hand'), retentionMs };
  return decision === 'rerun' ? { decision, retentionMs } : { decision };
}

export function resultOf(text: string) {
  return { kind: 'value', bytes: bytesOf(text) } as const;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
