// Refuses words that readers stumble over, in the names, comments, docstrings and messages of all code. The prose of
// docs/ is read by people before it is merged; code is changed too often for that.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal, runScript } from '../prepare/process.mjs';
import { root } from '../prepare/root.mjs';

/** Each word or phrase, and what to write instead. */
const plainWords: Readonly<Record<string, string>> = {
  'all the same': 'nevertheless',
  anew: 'again',
  'are told': 'are notified',
  'be it': 'whether it is',
  'behind the guard': 'after the guard, or downstream',
  'by and by': 'later',
  'came to nothing': 'failed',
  'come to nothing': 'fail',
  conclusion: 'completion',
  errand: 'request',
  'for ever': 'forever, or without a limit',
  'go on behind': 'resume after',
  'go on with': 'continue',
  'goes on behind': 'resumes after',
  'goes on with': 'continues',
  'has not the': 'does not have the',
  hopeless: 'not retryable',
  'in front of the guard': 'before the guard',
  'in its stead': 'instead',
  'in vain': 'without success',
  'is no single': 'must be one',
  'is none': 'what is expected: "must be a number; got …"',
  'is told': 'is notified',
  'knows nothing': 'does not know, or has no',
  lest: 'so that … not',
  reckoned: 'estimated, or counted',
  'save for': 'except for',
  'see the module': 'what it is',
  'side by side': 'concurrently',
  somebody: 'who: another worker, an operator, the client',
  'told of': 'notified of',
  verdict: 'decision (of a person or a hook), result (of a run)',
  weigh: 'classify',
  'what became of': 'the outcome of',
  'what becomes of': 'the outcome of',
  'what came of': 'the result of',
  whoever: 'who: the caller, the worker, the client',
};

/** Names that are in stored records, and stay readable. */
const storedNames: Readonly<Record<string, readonly string[]>> = {
  'packages/latchkey/src/core/audit/audit-entry.ts': ['verdict'],
  'packages/latchkey/src/operator/proposals.ts': ['verdict'],
};

const places = ['packages', 'examples', 'edges', 'bundles', 'bench', 'scripts', 'site'];
const isCode = /\.(ts|mjs|lua|sql|html)$/;
/** The tests of an upgrade also use the names of the former release. */
const isForeign =
  /(^|\/)(node_modules|dist|data|\.work)\/|\.generated\.ts$|^(scripts\/check\/words|packages\/latchkey\/test\/upgrade\/scenarios)\.ts$/;

const phrases = Object.keys(plainWords).join('|').replaceAll(' ', '\\s+');
const wanted = new RegExp(`(?<![a-z])(${phrases})s?(?![a-z])`, 'g');

/** Makes words of the parts of a name, and one line of a comment's lines; every character keeps its line. */
function wordsOf(text: string): string {
  return text
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .replaceAll(/[-_]/g, ' ')
    .replaceAll(/(?<=\n) *(\*|\/\/|--)/g, ' ')
    .toLowerCase();
}

function hitsIn(file: string): string[] {
  const words = wordsOf(`${file}\n${readFileSync(join(root, file), 'utf8')}`);
  return [...words.matchAll(wanted)].flatMap(({ 1: found = '', index }) => {
    const phrase = found.replaceAll(/\s+/g, ' ');
    if (storedNames[file]?.includes(phrase)) return [];
    // The file's own name stands before its first line.
    const line = words.slice(0, index).split('\n').length - 1;
    return [`${file}${line === 0 ? '' : `:${line}`}: "${phrase}"; write ${plainWords[phrase]}`];
  });
}

function filesIn(place: string): string[] {
  const files = readdirSync(join(root, place), { recursive: true, encoding: 'utf8' });
  return files.map((file) => `${place}/${file}`).filter((file) => isCode.test(file) && !isForeign.test(file));
}

await runScript(async () => {
  const hits = places.flatMap(filesIn).flatMap(hitsIn);
  if (hits.length > 0) throw new Refusal(hits.join('\n'));
});
