/** Answers not made by an attempt: of a handler that threw, and of a hook. */

import type { Asked } from './history.ts';

/** A framework's answer for a throw. */
export function failure(
  { scope, payload, request }: Asked & { readonly request: number },
  operationId: string,
): string {
  const execution = `thrown at ${request}`;
  return JSON.stringify({ scope, payload, operationId, execution, outcome: 'failed', values: [] });
}

/** The answer of a `recover` hook. */
export function recovered({ scope, payload }: Asked, operationId: string, by: string): string {
  const execution = `recovered by ${by}`;
  return JSON.stringify({ scope, payload, operationId, execution, outcome: 'recovered', values: [] });
}
