/**
 * Reads the answers on one HTTP/1.1 connection, strictly.
 *
 * @module
 */

import type { Answer } from './answer.ts';

type Pair = readonly [name: string, value: string];

interface Head {
  readonly status: number;
  readonly headers: readonly Pair[];
  readonly bodyAt: number;
}

interface Body {
  readonly bytes: Buffer;
  readonly trailers: readonly Pair[];
  /** The start of the next answer; undefined while the answer is incomplete. */
  readonly endsAt: number | undefined;
}

function pairsOf(lines: readonly string[]): Pair[] {
  return lines.map((line): Pair => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
}

function headAt(bytes: Buffer, from: number): Head | undefined {
  const end = bytes.indexOf('\r\n\r\n', from);
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', from, end).split('\r\n');
  return { status: Number(first.split(' ')[1]), headers: pairsOf(lines), bodyAt: end + 4 };
}

const headerIn = (headers: readonly Pair[], name: string) => headers.find(([own]) => own === name)?.[1];

function chunkedBody(bytes: Buffer, from: number): Body {
  const chunks: Buffer[] = [];
  for (let at = from; ; ) {
    const line = bytes.indexOf('\r\n', at);
    const size = line < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (Number.isNaN(size)) return { bytes: Buffer.concat(chunks), trailers: [], endsAt: undefined };
    if (size === 0) return lastChunk(bytes, line, chunks);
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
    if (at > bytes.length) return { bytes: Buffer.concat(chunks), trailers: [], endsAt: undefined };
  }
}

function lastChunk(bytes: Buffer, line: number, chunks: readonly Buffer[]): Body {
  const end = bytes.indexOf('\r\n\r\n', line);
  const lines = end < 0 ? [] : bytes.toString('latin1', line, end).split('\r\n').filter(Boolean);
  return { bytes: Buffer.concat(chunks), trailers: pairsOf(lines), endsAt: end < 0 ? undefined : end + 4 };
}

function bodyOf(bytes: Buffer, { status, headers, bodyAt }: Head, closed: boolean): Body {
  if (status < 200 || status === 204 || status === 304) return { bytes: Buffer.alloc(0), trailers: [], endsAt: bodyAt };
  if (headerIn(headers, 'transfer-encoding') !== undefined) return chunkedBody(bytes, bodyAt);
  const length = headerIn(headers, 'content-length');
  if (length === undefined)
    return { bytes: bytes.subarray(bodyAt), trailers: [], endsAt: closed ? bytes.length : undefined };
  const end = bodyAt + Number(length);
  return { bytes: bytes.subarray(bodyAt, end), trailers: [], endsAt: end <= bytes.length ? end : undefined };
}

function faultsOf(headers: readonly Pair[]): string[] {
  const count = (name: string) => headers.filter(([own]) => own === name).length;
  const faults: string[] = [];
  if (count('content-length') + count('transfer-encoding') > 1) faults.push('two framings');
  const odd = headers.filter(([name]) => name.length === 1).map(([name]) => name);
  if (odd.length > 0) faults.push(`headers of one letter: ${odd.join()}`);
  return faults;
}

/** The received answers, of which the last may be incomplete. */
export function answersIn(bytes: Buffer, closed: boolean): Answer[] {
  const answers: Answer[] = [];
  let informational: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const head = headAt(bytes, at);
    if (head === undefined) break;
    const { status, headers } = head;
    const body = bodyOf(bytes, head, closed);
    if (status < 200) {
      informational.push(status);
    } else {
      const { trailers } = body;
      const complete = body.endsAt !== undefined;
      answers.push({
        protocol: 'http/1.1',
        status,
        headers,
        body: body.bytes,
        complete,
        informational,
        trailers,
        faults: faultsOf(headers),
      });
      informational = [];
    }
    if (body.endsAt === undefined) break;
    at = body.endsAt;
  }
  return answers;
}
