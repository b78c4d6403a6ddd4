/**
 * What a guard, or the guard of one route, promises to clients. It is read from the guard's own options.
 *
 * @module
 */

import type { AfterFailure } from '../../core/store.ts';
import { EXPOSED_HEADERS, KEY_HEADER } from '../../protocol/headers.ts';
import { isFinalCode, type ProblemCode } from '../../protocol/problem-codes.ts';
import type { RouteSettings } from '../option-tables.ts';
import { problem } from '../problems/problems.ts';
import { MAX_KEY_LENGTH } from '../request/key-header.ts';
import type { Guard, Route } from '../request/route.ts';
import { headerValue } from '../response/kept-headers.ts';

/** An error that the guard may answer with. */
export interface ContractProblem {
  readonly code: ProblemCode;
  readonly title: string;
  /** Absent, like type and body, if the guard has `onProblem`, which decides them. */
  readonly status?: number;
  readonly contentType?: string;
  /** An example in the dialect's form. */
  readonly body?: unknown;
  /** False if the operation may still run, or be answered later under the same key. */
  readonly final: boolean;
  /** Whether it has a Retry-After header. */
  readonly retryAfter: boolean;
}

/** What a guard promises, as JSON. Durations are in the format of ISO 8601, sizes in bytes. */
export interface Contract {
  /** The name of the dialect, and the document that defines it. */
  readonly dialect: string;
  readonly source?: string;
  readonly methods: readonly string[];
  readonly key: {
    readonly header: string;
    readonly required: boolean;
    readonly format: 'lenient' | 'strict';
    readonly maxLength: number;
    /** Whether every answer has the key too. */
    readonly echoed: boolean;
  };
  /** How long a key is remembered: with its answer, and while its outcome is unknown. */
  readonly retention: { readonly answer: string; readonly unknownOutcome: string };
  readonly afterFailure: AfterFailure;
  /** What a duplicate gets while the first request runs: 409 at once, or the answer after at most `wait`. */
  readonly whenRunning: 'conflict' | { readonly wait: string };
  readonly whenStoreDown: 'reject' | 'run-unprotected';
  /** The parts of a request that must be the same under one key, besides its path. */
  readonly payload: {
    readonly body: 'canonical' | 'bytes';
    readonly headers: readonly string[];
    /** JSON Pointers, query parameters and form members that may differ. */
    readonly ignored: {
      readonly json: readonly string[];
      readonly query: readonly string[];
      readonly form: readonly string[];
    };
  };
  readonly limits: { readonly request: number; readonly response: number };
  /** The headers with which the guard marks its answers. */
  readonly headers: readonly string[];
  readonly problems: readonly ContractProblem[];
}

const units = [
  ['D', 86_400_000],
  ['H', 3_600_000],
  ['M', 60_000],
] as const;

/** A time as an ISO 8601 duration: `P1D`, `PT1H30M`, `PT0.5S`. */
export function durationOf(milliseconds: number): string {
  let rest = milliseconds;
  const parts = units.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : `${count}${unit}`;
  });
  const [days = '', ...others] = [...parts, rest === 0 ? '' : `${rest / 1_000}S`];
  const time = others.join('');
  if (time === '') return days === '' ? 'PT0S' : `P${days}`;
  return `P${days}T${time}`;
}

/** The codes that clients of a route may get. Mistakes in the use of the guard are not among them. */
function codesOf<Native>(options: RouteSettings<Native>, principal: unknown): readonly ProblemCode[] {
  const { key, response, restored } = options;
  return [
    ...(key.required ? (['key-missing'] as const) : []),
    'key-invalid',
    ...(principal === 'authorization' ? (['principal-missing'] as const) : []),
    'request-incomplete',
    'request-too-large',
    'key-reused',
    'in-progress',
    'outcome-unknown',
    ...(restored === false ? [] : (['key-quarantined'] as const)),
    ...(response.authorizeReplay === undefined ? [] : (['replay-forbidden'] as const)),
    'response-not-kept',
    ...(response.rebuild === undefined ? [] : (['rebuild-failed'] as const)),
    'operation-failed',
    'record-unreadable',
    'encryption-key-missing',
    'nothing-happened',
    'store-unavailable',
    'shutting-down',
  ];
}

/** The errors after which the client should wait and retry. */
const transient: readonly ProblemCode[] = [
  'in-progress',
  'rebuild-failed',
  'nothing-happened',
  'store-unavailable',
  'shutting-down',
];

/** Returns what a route promises. */
export function contractOf<Native>(
  route: Route<Native>,
  guard: Pick<Guard<Native, never>, 'dialect' | 'onProblem' | 'principal'>,
): Contract {
  const { options } = route;
  const { dialect, onProblem, principal } = guard;
  const { key, timing, whenRunning, fingerprint, request, response } = options;
  const described = (code: ProblemCode): ContractProblem => {
    const retryAfter = transient.includes(code);
    const found = problem(code, retryAfter ? { retryAfterSeconds: 1 } : {});
    const own = { code, title: found.title, final: isFinalCode(code), retryAfter };
    if (onProblem !== undefined) return own;
    const { status, headers, body } = dialect.shape(found);
    const contentType = headerValue(headers, 'content-type');
    return { ...own, status, ...(contentType !== undefined && { contentType }), body: exampleOf(body) };
  };
  return {
    dialect: dialect.name,
    ...(dialect.source !== undefined && { source: dialect.source }),
    methods: options.methods,
    key: { header: KEY_HEADER, ...key, maxLength: MAX_KEY_LENGTH, echoed: dialect.echoesKey === true },
    retention: { answer: durationOf(timing.retentionMs), unknownOutcome: durationOf(timing.unresolvedRetentionMs) },
    afterFailure: options.afterFailure,
    whenRunning: typeof whenRunning === 'object' ? { wait: durationOf(whenRunning.waitMs) } : whenRunning,
    whenStoreDown: options.whenStoreDown,
    payload: {
      body: fingerprint.body,
      headers: route.meaningfulHeaders,
      ignored: { json: fingerprint.ignore, query: fingerprint.ignoreQuery, form: fingerprint.ignoreForm },
    },
    limits: { request: request.maxBytes, response: response.maxBytes },
    headers: EXPOSED_HEADERS,
    problems: codesOf(options, principal).map(described),
  };
}

/** A dialect of the application may send something else than JSON. */
function exampleOf(body: Uint8Array): unknown {
  const text = new TextDecoder().decode(body);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
