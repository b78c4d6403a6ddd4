/**
 * Splits a multipart body, so it can be compared without its random boundary.
 *
 * @module
 */

/** A body with more parts than this is compared by bytes. */
const MAX_PARTS = 1000;

/**
 * RFC 2046 §5.1.1. Searching for a longer one could take time proportional to the product of its length and the body's.
 */
const MAX_BOUNDARY_LENGTH = 70;

const newLine = Buffer.from('\r\n');
const closing = Buffer.from('--');

/** Returns the position after a delimiter, white space and CRLF; undefined if anything else follows. */
function afterLine(body: Buffer, at: number): number | undefined {
  let position = at;
  while (body[position] === 0x20 || body[position] === 0x09) position += 1;
  return startsAt(body, newLine, position) ? position + newLine.length : undefined;
}

function startsAt(body: Buffer, what: Buffer, position: number): boolean {
  return body.subarray(position, position + what.length).equals(what);
}

/**
 * The pieces of a multipart body (RFC 2046 §5.1.1) between its delimiters: preamble, each part with its own header,
 * epilogue. Undefined if the body is malformed or has more than 1000 parts, or if the boundary is longer than 70
 * characters.
 */
export function splitMultipart(bytes: Uint8Array, boundary: string): readonly Uint8Array[] | undefined {
  if (boundary.length > MAX_BOUNDARY_LENGTH) return undefined;
  // Every delimiter except one at the very beginning starts with a line break. A line break is added before the body,
  // so all are alike.
  const body = Buffer.concat([newLine, bytes]);
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const pieces: Uint8Array[] = [];
  let start: number | undefined = 0;
  while (start !== undefined && pieces.length <= MAX_PARTS) {
    const found = body.indexOf(delimiter, start);
    if (found < 0) return undefined;
    pieces.push(body.subarray(start, found));
    const after = found + delimiter.length;
    if (startsAt(body, closing, after)) return [...pieces, body.subarray(after + closing.length)];
    start = afterLine(body, after);
  }
  return undefined;
}
