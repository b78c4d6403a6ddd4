/** A client's view of an answer. @module */

import { gunzipSync } from 'node:zlib';

/** The received part of an answer. */
export interface Answer {
  readonly protocol: 'http/1.1' | 'http/2';
  /** 0 if the connection ended without one. */
  readonly status: number;
  /** Names in lower case, in order, with repetitions. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** False if it was incomplete. */
  readonly complete: boolean;
  /** The statuses of the informational answers before it. */
  readonly informational: readonly number[];
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** Protocol errors of the answer. */
  readonly faults: readonly string[];
}

/** No answer at all. */
export const noAnswer: Answer = {
  protocol: 'http/1.1',
  status: 0,
  headers: [],
  body: Buffer.alloc(0),
  complete: false,
  informational: [],
  trailers: [],
  faults: [],
};

/** All values of a header, joined. */
export function headerOf({ headers }: Answer, name: string): string | undefined {
  const values = headers.filter(([own]) => own === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(' | ');
}

/** The decoded body, as far as it was received. */
export function textOf(answer: Answer): string {
  const { body, complete } = answer;
  if (headerOf(answer, 'content-encoding') !== 'gzip' || body.length === 0) return body.toString('latin1');
  try {
    return gunzipSync(body).toString('latin1');
  } catch (error) {
    return complete ? `NOT GZIP: ${String(error)}` : 'part of a gzip body';
  }
}

/** Describes the answer in one line. */
export function summary(answer: Answer): string {
  if (answer.status === 0) return 'no answer';
  const mark = headerOf(answer, 'idempotency-status');
  const replayed = headerOf(answer, 'idempotent-replayed') === undefined ? '' : ' replayed';
  const cut = answer.complete ? '' : ' CUT';
  return `${answer.status}${replayed}${mark === undefined ? '' : ` [${mark}]`}${cut} ${textOf(answer).slice(0, 100)}`;
}
