import type { SeededRandom } from '../support/random.ts';
import type { Body } from './bodies.ts';
import type { RawRequest } from './raw-exchange.ts';

/** A request without its framing. */
export interface RequestParts {
  readonly line: string;
  readonly fields: readonly string[];
  readonly body: Body;
}

/** Writes a valid HTTP/1.1 request, whole or chunked, in one packet or several. */
export function frame(parts: RequestParts, random: SeededRandom): RawRequest {
  const [fields, bytes] = random.chance(0.35) ? chunked(parts.body.bytes, random) : measured(parts.body.bytes);
  return { pieces: split(write(parts, fields, bytes), random) };
}

/** Writes a request whose body has a wrong length. */
export function frameBadly(parts: RequestParts, random: SeededRandom): RawRequest {
  const { bytes } = parts.body;
  const framings: readonly (readonly [string[], Buffer])[] = [
    [[`Content-Length: ${bytes.length}`, 'Transfer-Encoding: chunked'], bytes],
    [['Content-Length: -1'], bytes],
    [['Content-Length: five'], bytes],
    [[`Content-Length: ${bytes.length}`, `Content-Length: ${bytes.length + 1}`], bytes],
    [['Transfer-Encoding: chunked'], Buffer.concat([Buffer.from('zz\r\n'), bytes])],
    [['Transfer-Encoding: chunked'], Buffer.from(`fffffffffffffffff\r\n${'a'.repeat(20)}`)],
    [['Transfer-Encoding: gzip, banana'], bytes],
    [['Transfer-Encoding: chunked, identity'], bytes],
    [['Bad field name: x', `Content-Length: ${bytes.length}`], bytes],
    [[`X-Long: ${'x'.repeat(20_000)}`, `Content-Length: ${bytes.length}`], bytes],
  ];
  const [fields, body] = random.pick(framings);
  return { pieces: split(write(parts, fields, body), random) };
}

/** The same request, aborted in its head, in its body, or right after its last byte. */
export function hangUp(request: RawRequest, random: SeededRandom): RawRequest {
  const whole = Buffer.concat(request.pieces);
  const cut = random.chance(0.3) ? whole.length : random.integer(1, whole.length);
  return { pieces: [whole.subarray(0, cut)], hangUpAfter: 1 };
}

function write({ line, fields, body }: RequestParts, framing: readonly string[], bytes: Buffer): Buffer {
  const head = [line, 'Host: localhost', 'Connection: close', ...fields, ...body.fields, ...framing].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), bytes]);
}

function measured(bytes: Buffer): [string[], Buffer] {
  return [[`Content-Length: ${bytes.length}`], bytes];
}

function chunked(bytes: Buffer, random: SeededRandom): [string[], Buffer] {
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = Math.min(bytes.length, start + random.integer(1, Math.max(1, bytes.length)));
    const extension = random.chance(0.1) ? ';x=1' : '';
    parts.push(Buffer.from(`${(end - start).toString(16)}${extension}\r\n`), bytes.subarray(start, end), crlf);
    start = end;
  }
  const trailer = random.chance(0.1) ? 'X-Trailer: 1\r\n' : '';
  return [['Transfer-Encoding: chunked'], Buffer.concat([...parts, Buffer.from(`0\r\n${trailer}\r\n`)])];
}

const crlf = Buffer.from('\r\n');

function split(bytes: Buffer, random: SeededRandom): Buffer[] {
  if (random.chance(0.6)) return [bytes];
  const cuts = Array.from({ length: random.integer(1, 4) }, () => random.integer(0, bytes.length)).sort(
    (a, b) => a - b,
  );
  return [0, ...cuts]
    .map((start, index) => bytes.subarray(start, cuts[index] ?? bytes.length))
    .filter((p) => p.length > 0);
}
