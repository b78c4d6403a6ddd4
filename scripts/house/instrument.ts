/**
 * Records each call of a library function: the sources are loaded with a recording call at the start of every function.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Node, parseSync, Visitor } from 'oxc-parser';
import { librarySources } from './sources.ts';

/** A library function by file and name. */
export interface Place {
  readonly file: string;
  readonly name: string;
}

interface Insertion {
  readonly at: number;
  readonly text: string;
}

const places: Place[] = [];
let entered: Place[] = [];

Reflect.set(globalThis, 'latchkeyEntered', (index: number) => {
  const place = places[index];
  if (place !== undefined) entered.push(place);
});

/** The functions entered since the last call, in order. */
export function takeEntered(): readonly Place[] {
  const taken = entered;
  entered = [];
  return taken;
}

/** Instruments every module of the library that is loaded from now on. */
export function instrumentLibrary(): void {
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith(librarySources.href)) return nextLoad(url, context);
      const file = url.slice(librarySources.href.length);
      const script = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
      return { format: 'module', source: instrumented(file, script), shortCircuit: true };
    },
  });
}

function instrumented(file: string, script: string): string {
  const insertions = insertionsIn(file, script).toSorted((a, b) => a.at - b.at);
  let written = 0;
  const pieces = insertions.map(({ at, text }) => {
    const piece = script.slice(written, at) + text;
    written = at;
    return piece;
  });
  return pieces.join('') + script.slice(written);
}

/** A block gets a statement; the expression of an arrow function becomes the second operand of a comma. */
function insertionsIn(file: string, script: string): Insertion[] {
  const insertions: Insertion[] = [];
  /** Names of anonymous functions, by position. */
  const names = new Map<number, string>();
  const nameFrom = (key: Node, value: Node | null) => {
    if (value !== null) names.set(value.start, script.slice(key.start, key.end));
  };
  const note = (start: number, name: string | undefined, body: Node | null) => {
    if (body === null) return;
    const call = `latchkeyEntered(${places.length})`;
    places.push({ file, name: name ?? names.get(start) ?? `(line ${lineOf(script, start)})` });
    if (body.type === 'BlockStatement') insertions.push({ at: body.start + 1, text: `${call};` });
    else insertions.push({ at: body.start, text: `(${call},(` }, { at: body.end, text: '))' });
  };
  new Visitor({
    MethodDefinition: ({ key, value }) => nameFrom(key, value),
    Property: ({ key, value }) => nameFrom(key, value),
    PropertyDefinition: ({ key, value }) => nameFrom(key, value),
    VariableDeclarator: ({ id, init }) => nameFrom(id, init),
    FunctionDeclaration: ({ start, id, body }) => note(start, id?.name, body),
    FunctionExpression: ({ start, id, body }) => note(start, id?.name, body),
    ArrowFunctionExpression: ({ start, body }) => note(start, undefined, body),
  }).visit(parseSync(file.replace(/\.ts$/, '.mjs'), script).program);
  return insertions;
}

function lineOf(script: string, at: number): number {
  return script.slice(0, at).split('\n').length;
}
