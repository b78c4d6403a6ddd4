/**
 * The value of the header `Idempotency-Status`: `executed` or `replayed` on an operation's own answer, the code on a
 * problem, with `;final=?0` if the problem is not the final answer of its request.
 *
 * @module
 */

/** The values on an operation's own answer: from the run of this request, or from the record. */
export const OWN_ANSWER = { executed: 'executed', replayed: 'replayed' } as const;

/** A parsed value of the header. */
export interface LayerStatus {
  /** `executed`, `replayed`, or the code of a problem. */
  readonly word: string;
  readonly final: boolean;
}

/** Formats the value for a problem. */
export function formatStatus(code: string, final: boolean): string {
  return final ? code : `${code};final=?0`;
}

const pattern = /^\s*([a-z][a-z-]*)\s*(?:;(.*))?$/;

/** Parses a value; undefined if it is missing or has another syntax. */
export function parseStatus(value: string | null | undefined): LayerStatus | undefined {
  const [, word, parameters = ''] = pattern.exec(value ?? '') ?? [];
  if (word === undefined) return undefined;
  return { word, final: !parameters.split(';').some((parameter) => parameter.trim() === 'final=?0') };
}
