import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  LatchkeyError,
  NothingHappenedError,
  nothingHappenedMark,
  StoreUnavailableError,
} from '../../src/core/errors.ts';

const require = createRequire(import.meta.url);
const commonJs = fileURLToPath(new URL('../../dist/cjs/', import.meta.url));

/** The CommonJS build: other classes with the same names. */
const copy: typeof import('../../src/core/errors.ts') = require(`${commonJs}core/errors.js`);

describe('an error of another copy of the library', () => {
  const error = new copy.StoreUnavailableError('The server is away.');

  it('is an instance of its class and of the base class, in both directions', () => {
    expect(copy.LatchkeyError).not.toBe(LatchkeyError);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toBeInstanceOf(LatchkeyError);
    expect(new NothingHappenedError()).toBeInstanceOf(copy.NothingHappenedError);
  });

  it('throws a NothingHappenedError that this copy recognizes', () => {
    expect(copy.nothingHappenedMark()).toBe(nothingHappenedMark());
  });

  it('is not an instance of another class', () => {
    class Own extends LatchkeyError {}
    class OwnUnavailable extends StoreUnavailableError {}
    expect(error).not.toBeInstanceOf(NothingHappenedError);
    expect(error).not.toBeInstanceOf(Own);
    expect(error).not.toBeInstanceOf(OwnUnavailable);
    expect(new OwnUnavailable('away')).toBeInstanceOf(OwnUnavailable);
    expect(new OwnUnavailable('away')).toBeInstanceOf(copy.StoreUnavailableError);
    expect(new copy.LatchkeyError('key-reused', 'x')).not.toBeInstanceOf(StoreUnavailableError);
    for (const value of [undefined, null, 'x', {}, new Error('x')]) expect(value instanceof LatchkeyError).toBe(false);
  });
});
