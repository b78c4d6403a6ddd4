/** Answers that no attempt made to its end: of a handler that threw, and of a hook that knows better. */

import type { Asked } from './history.ts';

/** What a framework's error handler writes for a throw. */
export function failure(
  { scope, payload, request }: Asked & { readonly request: number },
  operationId: string,
): string {
  const execution = `thrown at ${request}`;
  return JSON.stringify({ scope, payload, operationId, execution, outcome: 'failed', values: [] });
}

/** What a `recover` hook answers. */
export function recovered({ scope, payload }: Asked, operationId: string, by: string): string {
  const execution = `recovered by ${by}`;
  return JSON.stringify({ scope, payload, operationId, execution, outcome: 'recovered', values: [] });
}
