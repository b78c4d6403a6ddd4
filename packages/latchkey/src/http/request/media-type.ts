/**
 * Parses media types into a comparable form.
 *
 * @module
 */

/** A parsed Content-Type. */
export interface MediaType {
  /** Lower-case, without parameters; empty without a Content-Type. */
  readonly essence: string;
  /** True for `application/json` and every `+json` type. */
  readonly isJson: boolean;
  /** The boundary of a multipart body. */
  readonly boundary: string | undefined;
  /** The essence and the significant parameters, sorted. */
  readonly comparable: string;
}

const parameterPattern = /;[ \t]*([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))[ \t]*/g;

/** Types whose charset is always UTF-8, with or without the parameter. */
const alwaysUtf8 = (essence: string) => isJsonEssence(essence) || essence === 'application/x-www-form-urlencoded';

function isJsonEssence(essence: string): boolean {
  return essence === 'application/json' || essence === 'text/json' || essence.endsWith('+json');
}

/** Returns the parameters of a header such as Content-Type or Content-Disposition; names in lower case. */
export function parametersOf(rest: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, token = ''] of rest.matchAll(parameterPattern)) {
    parameters.set(name.toLowerCase(), quoted === undefined ? token : quoted.replace(/\\(.)/g, '$1'));
  }
  return parameters;
}

/** JSON and forms with another charset are compared by bytes: they are not UTF-8. */
function isUtf8(parameters: ReadonlyMap<string, string>): boolean {
  return /^(?:utf-?8|us-ascii)$/i.test(parameters.get('charset') ?? 'utf-8');
}

function withParameters(value: string, semicolon: number): MediaType {
  const essence = value.slice(0, semicolon).trim().toLowerCase();
  const parameters = parametersOf(value.slice(semicolon));
  const utf8 = isUtf8(parameters);
  const boundary = essence.startsWith('multipart/') ? parameters.get('boundary') : undefined;
  if (boundary !== undefined) parameters.delete('boundary');
  if (utf8 && alwaysUtf8(essence)) parameters.delete('charset');
  const meaningful = [...parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    essence,
    isJson: utf8 && isJsonEssence(essence),
    boundary,
    comparable: meaningful.length === 0 ? essence : `${essence};${JSON.stringify(meaningful)}`,
  };
}

/**
 * Parses the value of a Content-Type header. `comparable` leaves out `boundary`, which is random, and `charset=utf-8`
 * for types that are always UTF-8.
 *
 * @example
 * ```ts
 * parseMediaType('Application/JSON; charset=UTF-8').comparable // 'application/json'
 * ```
 */
export function parseMediaType(value: string): MediaType {
  const semicolon = value.indexOf(';');
  if (semicolon >= 0) return withParameters(value, semicolon);
  const essence = value.trim().toLowerCase();
  return { essence, isJson: isJsonEssence(essence), boundary: undefined, comparable: essence };
}
