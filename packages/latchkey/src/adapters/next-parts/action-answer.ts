/**
 * The stored answer of an action: what it returned, or the page to which it sent the client.
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import { type Codec, decodeValue, encodeValue } from '../../core/support/codec.ts';
import { isPlainObject } from '../../core/support/plain-json.ts';
import type { Revalidation, RevalidationLog } from './work-store.ts';

/** What `redirect()`, `notFound()`, `forbidden()` and `unauthorized()` throw. */
const navigations = /^(?:NEXT_REDIRECT;(?:push|replace);.*;30[378];|NEXT_HTTP_ERROR_FALLBACK;40[134])$/s;

/** A page to which an action sent its client, as the digest by which Next recognizes it. */
export class Navigation {
  readonly digest: string;

  constructor(digest: string) {
    this.digest = digest;
  }

  /** The navigation that was thrown; undefined for an error. */
  static of(error: unknown): Navigation | undefined {
    const digest: unknown = error instanceof Error && 'digest' in error ? error.digest : undefined;
    return typeof digest === 'string' && navigations.test(digest) ? new Navigation(digest) : undefined;
  }

  /** The error that Next turns into the same navigation. */
  get error(): Error {
    return Object.assign(new Error(this.digest.split(';', 1)[0]), { digest: this.digest });
  }
}

/** The form in which an answer is stored. */
interface Stored {
  readonly value?: unknown;
  readonly navigation?: string;
  readonly revalidated?: readonly Revalidation[];
}

/** The answer of one call. It is stored with the tags that were revalidated until then. */
export class ActionCodec<Result> implements Codec<Result | Navigation> {
  /** The tags of the stored answer; set by `decode`. */
  revalidated: readonly Revalidation[] = [];
  readonly #name: string;
  readonly #log: RevalidationLog;

  constructor(name: string, log: RevalidationLog) {
    this.#name = name;
    this.#log = log;
  }

  encode(answer: Result | Navigation): Uint8Array {
    const revalidated = this.#log.made();
    if (answer instanceof Navigation) return encodeValue({ navigation: answer.digest, revalidated });
    const found = lostInJson(answer, 'result');
    if (found !== undefined) throw this.#refused(found);
    return encodeValue({ value: answer, revalidated } satisfies Stored);
  }

  decode(bytes: Uint8Array): Result | Navigation {
    const { value, navigation, revalidated = [] } = decodeValue(bytes) as Stored;
    this.revalidated = revalidated;
    return navigation === undefined ? (value as Result) : new Navigation(navigation);
  }

  #refused([path, what]: Lost): LatchkeyError {
    return new LatchkeyError(
      'value-invalid',
      `The answer of the action ${this.#name} is stored as JSON, but ${path} is ${what}. Return plain data, such as date.toISOString().`,
    );
  }
}

/** Where a value is, and what it is. */
type Lost = readonly [path: string, what: string];

/** The first part of a value that `JSON.parse` would not give back. A missing member and an undefined one are the same. */
function lostInJson(value: unknown, path: string, parents: readonly unknown[] = []): Lost | undefined {
  const isTop = parents.length === 0;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : [path, String(value)];
  if (value === undefined) return isTop ? undefined : [path, 'undefined'];
  if (typeof value !== 'object') return [path, `a ${typeof value}`];
  if (parents.includes(value)) return [path, 'a reference to an object that contains it'];
  if (!Array.isArray(value) && !isPlainObject(value)) return [path, `an instance of ${value.constructor.name}`];
  for (const [name, member] of membersOf(value)) {
    const lost = lostInJson(member, path + name, [...parents, value]);
    if (lost !== undefined) return lost;
  }
  return undefined;
}

function membersOf(value: object): [path: string, member: unknown][] {
  if (Array.isArray(value)) return Array.from(value, (item, index) => [`[${index}]`, item]);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return members.map(([name, member]) => [`.${name}`, member]);
}
