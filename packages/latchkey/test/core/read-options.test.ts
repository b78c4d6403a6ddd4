import { describe, expect, it } from 'vitest';
import { readOptions } from '../../src/core/options/read-options.ts';
import {
  anyOf,
  called,
  either,
  flag,
  group,
  integer,
  isText,
  must,
  type OptionTable,
  optionalGroup,
  required,
} from '../../src/core/options/rules.ts';

interface Options {
  readonly name: string;
  readonly dialect?: 'a' | 'b';
  readonly whenRunning?: 'conflict' | { readonly waitMs: number };
  readonly timing?: { readonly leaseMs?: number; readonly retentionMs?: number };
  readonly response?: { readonly maxBytes?: number; readonly keep?: boolean };
  readonly replicas?: { readonly count: number };
}

const table = {
  name: required(must('a string', isText)),
  dialect: anyOf('a', 'b'),
  whenRunning: either(anyOf('conflict'), { waitMs: required(integer({ min: 0, max: 10 })) }),
  timing: group({
    leaseMs: integer({ min: 100, default: 30_000 }),
    retentionMs: called('expiry ttl', integer({ min: 1, default: 5 })),
  }),
  response: group({ maxBytes: integer({ min: 0, default: 9 }), keep: flag(false) }),
  replicas: optionalGroup({ count: required(integer({ min: 1 })) }),
} satisfies OptionTable<Options>;

const read = (given: object, base?: object) =>
  readOptions<Options, typeof table>('The test', table, given as Options, base);

function faultOf(given: object): { code: string; message: string } {
  try {
    read(given);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message: message.replace(/ \(https.*/, '') };
  }
  throw new Error('it should have been refused');
}

describe('readOptions', () => {
  it('fills in the defaults, those of groups too', () => {
    expect(read({ name: 'x', timing: { leaseMs: 200 } })).toEqual({
      name: 'x',
      dialect: undefined,
      whenRunning: undefined,
      timing: { leaseMs: 200, retentionMs: 5 },
      response: { maxBytes: 9, keep: false },
      replicas: undefined,
    });
  });

  it('merges the groups of a route with those of its guard member by member, and ignores undefined', () => {
    const guard = read({ name: 'x', whenRunning: { waitMs: 3 }, timing: { leaseMs: 200 }, response: { keep: true } });
    const route = read(
      { dialect: undefined, timing: { leaseMs: undefined, retentionMs: 7 }, response: undefined },
      guard,
    );
    expect(route).toEqual({ ...guard, timing: { leaseMs: 200, retentionMs: 7 } });
  });

  it('replaces an object that is not a group as a whole', () => {
    const guard = read({ name: 'x', whenRunning: { waitMs: 3 } });
    expect(read({ whenRunning: 'conflict' }, guard).whenRunning).toBe('conflict');
    expect(read({ whenRunning: { waitMs: 4 } }, guard).whenRunning).toEqual({ waitMs: 4 });
  });

  it.each<[object, string]>([
    [{ leaseMs: 1 }, 'The test has no option "leaseMs". Did you mean "timing.leaseMs"?'],
    [{ leaseMS: 1 }, 'The test has no option "leaseMS". Did you mean "timing.leaseMs"?'],
    [{ ttl: 1 }, 'The test has no option "ttl". Did you mean "timing.retentionMs"?'],
    [{ maxResponseBytes: 1 }, 'The test has no option "maxResponseBytes". Did you mean "response.maxBytes"?'],
    [{ timings: {} }, 'The test has no option "timings". Did you mean "timing"?'],
    [{ timing: { leasMs: 1 } }, 'The test has no option "timing.leasMs". Did you mean "timing.leaseMs"?'],
    [{ timing: { keep: true } }, 'The test has no option "timing.keep". Did you mean "response.keep"?'],
    [
      { toString: 1 },
      'The test has no option "toString". Known are: name, dialect, whenRunning, timing, response, replicas.',
    ],
    [
      { zebra: 1 },
      'The test has no option "zebra". Known are: name, dialect, whenRunning, timing, response, replicas.',
    ],
  ])('names the nearest option: %j', (given, message) => {
    expect(faultOf({ name: 'x', ...given })).toEqual({ code: 'option-unknown', message });
  });

  it.each<[object, string]>([
    [{}, 'The test: name must be a string; got undefined.'],
    [{ name: 7 }, 'The test: name must be a string; got a number.'],
    [{ name: 'x', dialect: 'c' }, 'The test: dialect must be "a" or "b"; got "c".'],
    [{ name: 'x', dialect: null }, 'The test: dialect must be "a" or "b"; got null.'],
    [
      { name: 'x', timing: { leaseMs: 'abc' } },
      'The test: timing.leaseMs must be an integer of at least 100; got "abc".',
    ],
    [
      { name: 'x', timing: { leaseMs: 99.5 } },
      'The test: timing.leaseMs must be an integer of at least 100; got 99.5.',
    ],
    [{ name: 'x', timing: 'soon' }, 'The test: timing must be an object with leaseMs, retentionMs; got a string.'],
    [{ name: 'x', timing: null }, 'The test: timing must be an object with leaseMs, retentionMs; got null.'],
    [
      { name: 'x', response: new Map() },
      'The test: response must be an object with maxBytes, keep; got an instance of Map.',
    ],
    [
      { name: 'x', whenRunning: 'wait' },
      'The test: whenRunning must be "conflict", or an object with waitMs; got "wait".',
    ],
    [{ name: 'x', whenRunning: {} }, 'The test: whenRunning.waitMs must be an integer from 0 to 10; got undefined.'],
    [{ name: 'x', replicas: 2 }, 'The test: replicas must be an object with count; got a number.'],
  ])('names what is wrong: %j', (given, message) => {
    expect(faultOf(given)).toEqual({ code: 'option-invalid', message });
  });

  it('does not show a value that may be a secret', () => {
    expect(faultOf({ name: ['hunter2'] }).message).toBe('The test: name must be a string; got an instance of Array.');
  });

  it('only accepts an object with options', () => {
    const words = 'The test takes an object with options (name, dialect, whenRunning …); got';
    for (const [given, found] of [
      ['x', 'a string'],
      [null, 'null'],
      [new Date(), 'an instance of Date'],
    ] as const)
      expect(faultOf(given as object).message).toBe(`${words} ${found}.`);
  });
});
