/**
 * The codes of the layer's problems, and which of them end an operation.
 *
 * @module
 */

/**
 * For each code: true if the problem is the end of its request. False if the operation may still run, or be answered
 * later under the same key: another layer does not store such an answer, and a client keeps its key.
 */
const finalByCode = {
  'body-consumed': false,
  'encryption-key-missing': false,
  'guard-before-authentication': false,
  'guard-mounted-twice': false,
  'in-progress': false,
  'key-invalid': true,
  'key-missing': true,
  'key-quarantined': false,
  'key-reused': true,
  'nothing-happened': false,
  'operation-failed': true,
  'outcome-unknown': false,
  'principal-invalid': false,
  'principal-missing': false,
  'principal-unstable': false,
  'record-unreadable': false,
  'replay-forbidden': false,
  'request-incomplete': false,
  'request-too-large': true,
  'response-not-kept': true,
  'shutting-down': false,
  'store-unavailable': false,
} as const satisfies Record<string, boolean>;

/** A code of a problem. */
export type ProblemCode = keyof typeof finalByCode;

/** Every code of a problem. */
export const problemCodes = Object.keys(finalByCode) as readonly ProblemCode[];

/** Whether a value is the code of a problem. */
export function isProblemCode(value: unknown): value is ProblemCode {
  return typeof value === 'string' && Object.hasOwn(finalByCode, value);
}

/** Whether a problem is the end of its request. */
export function isFinalCode(code: ProblemCode): boolean {
  return finalByCode[code];
}
