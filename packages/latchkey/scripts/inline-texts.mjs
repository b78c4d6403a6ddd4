/**
 * Makes a module of each folder of .lua or .sql files, so that a store reads no file at run time: a bundler keeps the
 * modules that are imported, and loses files that are found by their path. `sql/claim.sql` becomes `texts.claim` of
 * `sql.generated.ts`, which lies beside the folder. Comments and indentation stay behind: a third of the text, which
 * would be in every bundle and travel to the server.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../src', import.meta.url));

/** What a person may read before it runs: the texts of migrations keep their comments. */
const isForPeople = /\/((migration|schema)-\d+|grants)\.sql$/;

/** @param {string} text in which a line of a string starts with neither a space nor two hyphens */
function withoutComments(text) {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('--')).join('\n');
}

const luaTokens = /'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|\d+|\.\.|[=~<>]=|\S/g;
const luaWord = /^\w/;

/**
 * Short names for the local variables and functions of each file. Files may be joined to one script: a name that several of
 * them have is shortened to the same in all.
 *
 * @param {readonly string[]} sources
 * @returns {readonly ReadonlyMap<string, string>[]}
 */
function shortLuaNames(sources) {
  const uses = sources.map((source) => countOf(source.match(/\w+/g) ?? []));
  const total = countOf(uses.flatMap((own) => [...own].flatMap(([word, count]) => Array(count).fill(word))));
  const declared = new Set(sources.flatMap(luaDeclarations));
  const shared = [...declared].filter((name) => uses.filter((own) => own.has(name)).length > 1);
  const byUse = (/** @type {string} */ a, /** @type {string} */ b) => (total.get(b) ?? 0) - (total.get(a) ?? 0);
  shared.sort(byUse);
  return uses.map((own) => {
    const alone = [...own.keys()].filter((name) => declared.has(name) && !shared.includes(name)).sort(byUse);
    return new Map([...shared, ...alone].map((name, index) => [name, shortName(index)]));
  });
}

/**
 * @param {readonly string[]} words
 * @returns {ReadonlyMap<string, number>}
 */
function countOf(words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** @param {string} source */
function luaDeclarations(source) {
  const lists = source.matchAll(/\blocal (?:function )?(\w[\w, ]*)(?:\(([\w, ]*)\))?|\bfor (\w+) =/g);
  return [...lists].flatMap((match) => match.slice(1).join(',').match(/\w+/g) ?? []);
}

/** @param {number} index */
function shortName(index) {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJLMNOPQRSTUVWXYZ';
  return letters[index] ?? `K${index - letters.length}`;
}

/**
 * The same Lua in fewer characters. It may hold strings in single quotes, and no statement that begins with a parenthesis.
 *
 * @param {string} text
 * @param {ReadonlyMap<string, string>} names
 */
function compactLua(text, names) {
  let compact = '';
  let before = '';
  for (const token of text.match(luaTokens) ?? []) {
    const isGap =
      (luaWord.test(token) && /\w$/.test(before)) ||
      (token === '..' && /^\d/.test(before)) ||
      (token === '-' && before === '-');
    compact += (isGap ? ' ' : '') + (before === '.' ? token : (names.get(token) ?? token));
    before = token;
  }
  return compact;
}

/**
 * @param {string} folder
 * @param {readonly string[]} files
 */
function moduleOf(folder, files) {
  const read = files.map((file) => {
    const text = readFileSync(join(sources, file), 'utf8');
    return isForPeople.test(file) ? text : withoutComments(text);
  });
  const isLua = files.every((file) => extname(file) === '.lua');
  const names = isLua ? shortLuaNames(read) : [];
  const texts = files.map((file, index) => {
    const text = read[index] ?? '';
    const kept = isLua ? compactLua(text, names[index] ?? new Map()) : text;
    return `  ${JSON.stringify(basename(file, extname(file)))}: ${JSON.stringify(kept)},\n`;
  });
  const head = `/** The files of \`${basename(folder)}\` by name. Made by scripts/inline-texts.mjs; do not edit. */\n`;
  return `${head}export const texts = {\n${texts.join('')}} as const;\n`;
}

/**
 * Other processes may read or write the module at the same time.
 *
 * @param {string} file
 * @param {string} text
 */
function replace(file, text) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}

/** Writes the modules whose files have changed. */
export function inlineTexts() {
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(lua|sql)$/.test(file));
  for (const folder of new Set(files.map((file) => dirname(file)))) {
    const members = files.filter((file) => dirname(file) === folder).sort();
    replace(join(sources, `${folder}.generated.ts`), moduleOf(folder, members));
  }
}
