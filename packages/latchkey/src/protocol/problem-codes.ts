/**
 * The codes of the guard's problems, and which of them are final.
 *
 * @module
 */

/** A problem with one of these codes is the final answer of its request. */
const finalCodes = [
  'key-invalid',
  'key-missing',
  'key-reused',
  'operation-failed',
  'request-too-large',
  'response-not-kept',
] as const;

/**
 * The operation may still run, or be answered later under the same key: another layer does not store such an answer, and
 * a client keeps its key.
 */
const openCodes = [
  'body-consumed',
  'encryption-key-missing',
  'guard-before-authentication',
  'guard-mounted-twice',
  'in-progress',
  'key-quarantined',
  'nothing-happened',
  'outcome-unknown',
  'principal-invalid',
  'principal-missing',
  'principal-unstable',
  'rebuild-failed',
  'record-unreadable',
  'replay-forbidden',
  'request-incomplete',
  'shutting-down',
  'store-unavailable',
] as const;

/** A code of a problem. */
export type ProblemCode = (typeof finalCodes)[number] | (typeof openCodes)[number];

/** Every code of a problem. */
export const problemCodes: readonly ProblemCode[] = [...finalCodes, ...openCodes];

/** Whether a value is the code of a problem. */
export function isProblemCode(value: unknown): value is ProblemCode {
  return problemCodes.some((code) => code === value);
}

/** Whether a problem is the final answer of its request. */
export function isFinalCode(code: ProblemCode): boolean {
  return finalCodes.some((final) => final === code);
}
