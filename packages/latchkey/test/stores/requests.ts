import type { ClaimRequest, CompleteRequest } from '../../src/core/store.ts';

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function claimOf(id: string, token: string, change: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    id,
    token,
    principal: 'principal',
    operation: 'POST /charges',
    operationId: `operation-of-${token}`,
    fingerprint: 'print',
    acceptable: ['print'],
    policy: 'refuse',
    leaseMs: 30_000,
    unresolvedRetentionMs: 60_000,
    takeover: 'none',
    maxAttempts: 10,
    ...change,
  };
}

export function completionOf(id: string, token: string, text = 'result'): CompleteRequest {
  return {
    id,
    token,
    result: { kind: 'value', bytes: bytesOf(text) },
    tombstone: bytesOf('gone'),
    retentionMs: 60_000,
  };
}
