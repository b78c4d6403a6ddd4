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

/**
 * @param {string} folder
 * @param {readonly string[]} files
 */
function moduleOf(folder, files) {
  const texts = files.map((file) => {
    const text = readFileSync(join(sources, file), 'utf8');
    const kept = isForPeople.test(file) ? text : withoutComments(text);
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
