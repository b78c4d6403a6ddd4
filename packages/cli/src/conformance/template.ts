/**
 * The request that the tester sends, and its variants.
 *
 * @module
 */

/** A header's name and value. */
export type Header = readonly [name: string, value: string];

/** A request without its key. */
export interface Call {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly Header[];
  readonly body: Buffer | undefined;
}

/** What each variant of the request is for. */
export const variants = {
  slow: 'runs for a second or longer',
  other: 'has the credentials of another principal',
  elsewhere: 'goes to another operation: another path or method',
  refused: 'is refused before it runs, as with wrong credentials',
  declined: 'is answered with a 4xx by the operation itself',
  broken: 'is answered with a 500',
  busy: 'is answered with 429, or with 503 and Retry-After',
  binary: 'gets a binary answer',
  empty: 'gets an empty answer, as with 204',
  large: 'gets an answer that is too large to be kept',
  streamed: 'gets an answer in several pieces',
  cut: 'gets an answer that breaks off',
  read: 'is a GET whose answer changes when the operation has run',
} as const;

/** The name of a variant. */
export type VariantName = keyof typeof variants;

/** The request, another valid body for it, and its variants. */
export interface Template extends Call {
  /** Default: derived from the body. */
  readonly otherBody: Buffer | undefined;
  readonly variants: Readonly<Partial<Record<VariantName, Call>>>;
}

/** What a variant changes; a header that is null is left out. */
export interface Change {
  readonly method?: string;
  /** Relative to the URL of the request. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: Buffer | null;
}

/** The value of a header. */
export function headerOf({ headers }: Pick<Call, 'headers'>, name: string): string | undefined {
  return headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
}

/** Makes a variant of a request. */
export function changed(call: Call, { method, path, headers = {}, body }: Change): Call {
  const replaced = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const kept = call.headers.filter(([name]) => !replaced.has(name.toLowerCase()));
  const added = Object.entries(headers).filter((header): header is [string, string] => header[1] !== null);
  return {
    method: method ?? call.method,
    url: path === undefined ? call.url : new URL(path, call.url),
    headers: [...kept, ...added],
    body: body === undefined ? call.body : (body ?? undefined),
  };
}

/** The variant for a request that is refused before it runs: without its credentials, unless one is given. */
export function refusedVariant({ variants: given, ...call }: Template): Call | undefined {
  if (given.refused !== undefined) return given.refused;
  return headerOf(call, 'authorization') === undefined
    ? undefined
    : changed(call, { headers: { authorization: null } });
}
