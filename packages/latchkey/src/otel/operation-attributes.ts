/**
 * The attributes of an operation. All values are from closed sets: an operation's name has a path, which may have ids.
 *
 * @module
 */

import { isHttpOperation, operationPattern } from '../core/support/operation-pattern.ts';
import { RecentMap } from '../core/support/recent-map.ts';

/** Attributes of a metric or a span. */
export type Attributes = Readonly<Record<string, string>>;

/** The value for everything outside a closed set. */
export const other = '_OTHER';

const methods: ReadonlySet<string> = new Set(['POST', 'PATCH', 'PUT', 'DELETE']);

/** Number of names whose attributes are kept, since a search takes a comparison for each pattern. */
const atHand = 1_000;

/** Returns a function that makes the attributes of an operation from its name. */
export function operationAttributes(operations: readonly string[]): (name: string) => Attributes {
  const patterns = operations
    .map((text) => ({ text, pattern: operationPattern(text) }))
    .sort((one, two) => one.pattern.wildcards - two.pattern.wildcards);
  const known = new RecentMap<Attributes>(atHand);
  const make = (name: string): Attributes => ({
    ...methodOf(name),
    ...(patterns.length > 0 && {
      'latchkey.operation': patterns.find(({ pattern }) => pattern.matches(name))?.text ?? other,
    }),
  });
  return (name) => {
    const found = known.get(name) ?? make(name);
    known.set(name, found);
    return found;
  };
}

/** The name of a function has no method. */
function methodOf(name: string): Attributes {
  if (!isHttpOperation(name)) return {};
  const method = name.slice(0, name.indexOf(' '));
  return { 'http.request.method': methods.has(method) ? method : other };
}
