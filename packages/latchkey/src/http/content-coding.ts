/**
 * Reads the content codings in headers (RFC 9110 §8.4.1). `decode-content.ts` undoes them.
 *
 * @module
 */

/** The codings that the lines of a Content-Encoding header name, in the order they were applied. */
export function codingsOf(lines: readonly string[]): readonly string[] {
  const names = lines.flatMap((line) => line.split(',')).map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '' && name !== 'identity');
}

/**
 * Whether a request's Accept-Encoding lines name every one of the codings. A request without the header names none: RFC
 * 9110 would let a server send it any coding, but a client that can decode sends the header.
 */
export function acceptsCodings(lines: readonly string[], codings: readonly string[]): boolean {
  const weights = new Map<string, boolean>();
  for (const entry of lines.join(',').split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    weights.set(name, !parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter)));
  }
  return codings.every((coding) => weights.get(coding) ?? weights.get('*') ?? false);
}
