import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { acceptsCodings, codingsOf } from '../../src/http/content-coding.ts';
import { decodeContent } from '../../src/http/decode-content.ts';

const text = Buffer.from('latchkey '.repeat(100));
const encoders = {
  gzip: zlib.gzipSync,
  'x-gzip': zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: zlib.brotliCompressSync,
  ...(typeof zlib.zstdCompressSync === 'function' && { zstd: zlib.zstdCompressSync }),
};

describe('decodeContent', () => {
  it.each(Object.entries(encoders))('decodes %s', async (coding, encode) => {
    expect(await decodeContent(encode(text), [coding], 10_000)).toEqual({ kind: 'decoded', bytes: text });
  });

  it('decodes several codings, last one first', async () => {
    const coded = zlib.brotliCompressSync(zlib.gzipSync(text));
    expect(await decodeContent(coded, ['gzip', 'br'], 10_000)).toEqual({ kind: 'decoded', bytes: text });
  });

  it('accepts exactly the limit and not one byte more', async () => {
    const coded = zlib.gzipSync(text);
    expect((await decodeContent(coded, ['gzip'], text.length)).kind).toBe('decoded');
    expect((await decodeContent(coded, ['gzip'], text.length - 1)).kind).toBe('too-large');
  });

  it('stops a bomb at the limit', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const before = process.memoryUsage().arrayBuffers;
    expect(await decodeContent(bomb, ['gzip'], 1024)).toEqual({ kind: 'too-large' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    const nested = zlib.gzipSync(zlib.gzipSync(bomb));
    expect(await decodeContent(nested, ['gzip', 'gzip', 'gzip'], 1024 * 1024)).toEqual({ kind: 'too-large' });
  });

  it('does not decode unknown codings or malformed data', async () => {
    expect(await decodeContent(text, ['aes128gcm'], 10_000)).toEqual({ kind: 'undecodable' });
    expect(await decodeContent(text, ['gzip'], 10_000)).toEqual({ kind: 'undecodable' });
    expect(await decodeContent(text, ['gzip', 'gzip', 'gzip', 'gzip'], 10_000)).toEqual({ kind: 'undecodable' });
  });
});

describe('codingsOf', () => {
  it('reads names in order, without identity', () => {
    expect(codingsOf(['GZIP , br', 'identity', ''])).toEqual(['gzip', 'br']);
  });
});

describe('acceptsCodings', () => {
  it.each([
    [['gzip, br'], ['gzip'], true],
    [['GZIP;q=0.5'], ['gzip'], true],
    [['br', 'gzip'], ['gzip'], true],
    [['*'], ['br'], true],
    [['br'], ['gzip'], false],
    [['gzip;q=0'], ['gzip'], false],
    [['*, gzip;q=0.000'], ['gzip'], false],
    [['gzip'], ['gzip', 'br'], false],
    [[''], ['gzip'], false],
    [[], ['gzip'], false],
  ])('%j for %j: %s', (lines, codings, expected) => {
    expect(acceptsCodings(lines, codings)).toBe(expected);
  });
});
