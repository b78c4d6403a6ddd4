/**
 * What a `node:http` request says, as the guard reads it.
 *
 * @module
 */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

const none: readonly string[] = [];

/** What a framework may have made of the body before the guard. */
export interface ParsedRequest {
  /** What a parser made of it. */
  readonly body?: unknown;
  /** The bytes that a parser kept. */
  readonly rawBody?: unknown;
  /** True if a parser of Express 4 has read the body. */
  readonly _body?: unknown;
}

/**
 * The lines of a header. What the application sees counts: middleware and adapters for Lambda set headers that never
 * came as lines. The lines only tell whether a value was joined from several, or is the first of several.
 */
export function headerLines(request: IncomingMessage, name: string, headers: IncomingHttpHeaders): readonly string[] {
  // Middleware may have set anything, a number for one.
  const value: unknown = headers[name];
  if (value === undefined || value === null) return none;
  if (Array.isArray(value)) return value.map(String);
  const seen = String(value);
  const lines = rawLines(request.rawHeaders ?? none, name);
  return lines.length > 1 && isMadeFrom(lines, seen) ? lines : [seen];
}

/** Node joins repeated lines by a comma, those of Cookie by a semicolon, and drops those that must be single. */
function isMadeFrom(lines: readonly string[], value: string): boolean {
  return value === lines[0] || value === lines.join(', ') || value === lines.join('; ');
}

/** Compares lengths first: that spares nearly all of the case folding. */
function rawLines(rawHeaders: readonly string[], name: string): readonly string[] {
  let values: string[] | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    if (header.length !== name.length || (header !== name && header.toLowerCase() !== name)) continue;
    values ??= [];
    values.push(rawHeaders[index + 1] as string);
  }
  return values ?? none;
}
