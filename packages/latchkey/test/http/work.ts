/** Counts the steps of code, so that a test can check that they grow linearly with the input. */

import { Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';

type LimitedRegExp = (source: string, flags: string, backtracks: number) => RegExp;

/** Creates an expression that gives up after this many backtracks, with a V8 feature for its own tests. */
function limitedRegExp(): LimitedRegExp {
  setFlagsFromString('--allow-natives-syntax');
  try {
    return new Function('s', 'f', 'l', 'return %NewRegExpWithBacktrackLimit(s, f, l)') as LimitedRegExp;
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}

const limited = limitedRegExp();
const plainExec = RegExp.prototype.exec;
const made = new Map<string, RegExp>();

function limitedTo(source: string, flags: string, most: number): RegExp {
  const name = `${most} ${flags} ${source}`;
  const expression = made.get(name) ?? limited(source, flags, most);
  made.set(name, expression);
  return expression;
}

const repeatedAtom = /(\\.|\[(?:\\.|[^\]\\])*\]|[^\\[\](){}*+?|^$])(?=[*+{])/g;

/** The same expression with repetitions that V8 does not optimize, since those of a single character count no steps. */
const spelledOut = new Map<string, string>();
function spellOut(source: string): string {
  const known = spelledOut.get(source) ?? source.replaceAll(repeatedAtom, '(?:(?=[^])$1)');
  spelledOut.set(source, known);
  return known;
}

/**
 * Number of backtracks of an expression in a text, rounded up to one of a series of numbers. With an alternative that
 * always matches, only an expression that gave up finds nothing.
 */
function backtracks({ source, flags, lastIndex, sticky, global }: RegExp, text: string): number {
  const search = `${sticky ? '' : '[^]*?'}(?:${spellOut(source)})|`;
  const searchFlags = `${flags.replaceAll('g', '').replaceAll('y', '')}y`;
  for (let enough = 8; ; enough = Math.ceil(enough * 1.2)) {
    const expression = limitedTo(search, searchFlags, enough);
    expression.lastIndex = sticky || global ? lastIndex : 0;
    if (plainExec.call(expression, text) !== null) return enough;
  }
}

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

// An optimizing compiler may inline a function, whose calls are not counted then.
for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag);

// Blocks are counted in functions that are compiled from now on, at their first call.
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

/** Number of runs of the library's functions and their loops since the last call. */
function entered(): number {
  let total = 0;
  session.post('Profiler.takePreciseCoverage', (_error, found) => {
    for (const { url, functions } of (found as Coverage).result) {
      if (!url.includes('/packages/latchkey/src/')) continue;
      for (const { ranges } of functions) total += Math.max(...ranges.map(({ count }) => count));
    }
  });
  return total;
}

/**
 * The steps of a run: the number of runs of each library function or its busiest loop (by V8's coverage), and the
 * backtracks of its regular expressions. Steps inside the runtime's own functions, such as `indexOf`, are not counted.
 */
export async function workOf(run: () => unknown): Promise<number> {
  entered();
  let inExpressions = 0;
  // Every use of an expression calls this; it is restored at the end.
  const counting = function exec(this: RegExp, text: string) {
    RegExp.prototype.exec = plainExec;
    inExpressions += backtracks(this, text);
    RegExp.prototype.exec = counting;
    return plainExec.call(this, text);
  };
  RegExp.prototype.exec = counting;
  try {
    await run();
    return entered() + inExpressions;
  } finally {
    RegExp.prototype.exec = plainExec;
  }
}
