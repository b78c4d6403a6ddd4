import type { LambdaEvent, LambdaGuardOptions, LambdaResult } from '../../../src/adapters/lambda.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { firstKey } from '../../../src/testing/adapter-suite/world.ts';
import { faultyStore } from '../../../src/testing/index.ts';

export const json = { 'content-type': 'application/json', 'idempotency-key': firstKey };

/** An event of an HTTP API. */
export function httpApi(more: Partial<LambdaEvent> = {}): LambdaEvent {
  const http = { method: 'POST', path: '/orders' };
  return { rawPath: '/orders', rawQueryString: '', headers: json, requestContext: { http }, body: '{"a":1}', ...more };
}

/** An event of a REST API. */
export function restApi(more: Partial<LambdaEvent> = {}): LambdaEvent {
  return {
    httpMethod: 'POST',
    path: '/orders',
    headers: json,
    requestContext: { path: '/prod/orders' },
    body: '1',
    ...more,
  };
}

/** An event of a load balancer. */
export function balancer(more: Partial<LambdaEvent> = {}): LambdaEvent {
  return { httpMethod: 'POST', path: '/orders', headers: json, requestContext: { elb: {} }, body: '1', ...more };
}

/** Options on a memory store with simulated faults. */
export function setup(more: Partial<LambdaGuardOptions> = {}) {
  const { store, faults } = faultyStore(memoryStore());
  const count = async (state: 'lapsed' | 'completed' | 'open' | 'running') =>
    (await store.list({ state, limit: 10 })).records.length;
  const options: LambdaGuardOptions = { store, principal: () => 'tenant', log: false, ...more };
  return { faults, count, options };
}

export const created: LambdaResult = { statusCode: 201, body: 'done', isBase64Encoded: false };

export function codeOf({ body }: LambdaResult): unknown {
  return JSON.parse(body).code;
}

export function statusOf({ headers, multiValueHeaders }: LambdaResult): string | undefined {
  return headers?.['Idempotency-Status'] ?? multiValueHeaders?.['Idempotency-Status']?.[0];
}
