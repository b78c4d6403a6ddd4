/**
 * Patterns of operation names: a method and a path, in which `:name` matches one segment, or the name of a function.
 *
 * @module
 */

/** A compiled pattern. */
export interface OperationPattern {
  /** Number of segments that match anything. */
  readonly wildcards: number;
  matches(operation: string): boolean;
  /** The values of the named segments; empty if the path does not match. */
  paramsOf(method: string, path: string): Readonly<Record<string, string>>;
}

const patternShape = /^[A-Z]+ \/\S*$/;
const special = /[.*+?^${}()|[\]\\]/g;
const nameShape = /^:[A-Za-z_]\w*$/;

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Whether a text is a method and a path, such as `POST /v1/orders/:id/pay`. */
export function isHttpOperation(text: string): boolean {
  return patternShape.test(text);
}

/** Makes a pattern from `POST /v1/orders/:id/pay`. */
export function operationPattern(text: string): OperationPattern {
  const segments = text.split('/');
  const names = segments.filter((segment) => nameShape.test(segment)).map((segment) => segment.slice(1));
  const pieces = segments.map((segment) => (nameShape.test(segment) ? '([^/]+)' : segment.replace(special, '\\$&')));
  const whole = new RegExp(`^${pieces.join('/')}$`);
  return {
    wildcards: names.length,
    matches: (operation) => whole.test(operation),
    paramsOf(method, path) {
      const found = whole.exec(`${method} ${path}`)?.slice(1) ?? [];
      return Object.fromEntries(found.map((segment, index) => [names[index] ?? '', decoded(segment)]));
    },
  };
}
