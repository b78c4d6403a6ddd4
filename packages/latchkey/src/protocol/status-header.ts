/**
 * The value of the header `Idempotency-Status`: `executed` or `replayed` on an operation's own answer, the code on a
 * problem, with `;final=?0` if the problem is not the end of its request.
 *
 * @module
 */

/** The words on an operation's own answer: of the run that this request began, or from the record. */
export const OWN_ANSWER = { executed: 'executed', replayed: 'replayed' } as const;

/** A value of the header, read. */
export interface LayerStatus {
  /** `executed`, `replayed`, or the code of a problem. */
  readonly word: string;
  readonly final: boolean;
}

/** Writes the value of a problem. */
export function formatStatus(code: string, final: boolean): string {
  return final ? code : `${code};final=?0`;
}

const pattern = /^\s*([a-z][a-z-]*)\s*(?:;(.*))?$/;

/** Reads a value; undefined if it is absent or has another syntax. */
export function parseStatus(value: string | null | undefined): LayerStatus | undefined {
  const [, word, parameters = ''] = pattern.exec(value ?? '') ?? [];
  if (word === undefined) return undefined;
  return { word, final: !parameters.split(';').some((parameter) => parameter.trim() === 'final=?0') };
}
