/**
 * Builds the package: ES modules in `dist`, and the same as CommonJS in `dist/cjs`, for what can't load ES modules
 * (Jest, and TypeScript that compiles to CommonJS). Both have the same declarations: whether these describe an ES
 * module or CommonJS follows from the nearest package.json.
 *
 * @module
 */

import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inlineTexts } from './inline-texts.mjs';

const library = fileURLToPath(new URL('..', import.meta.url));
const dist = join(library, 'dist');
const tsc = join(library, '../../node_modules/typescript/bin/tsc');
const manifestOfCommonJs = 'cjs/package.json';

/** @param {string} settings */
const compile = (settings) => promisify(execFile)(process.execPath, [tsc, '-p', join(library, settings)]);

/** @returns {string[]} the files of `dist`, from there */
function built() {
  const entries = readdirSync(dist, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1));
}

/** @param {string} file */
function isOfASource(file) {
  const source = file.replace(/^cjs\//, '').replace(/(\.d\.ts|\.js)$/, '.ts');
  return source.endsWith('.ts') && existsSync(join(library, 'src', source));
}

/** A renamed or removed source must not live on in the package. */
function removeLeftOvers() {
  for (const file of built()) if (file !== manifestOfCommonJs && !isOfASource(file)) rmSync(join(dist, file));
}

function describeCommonJs() {
  const declarations = built().filter((file) => file.endsWith('.d.ts') && !file.startsWith('cjs/'));
  for (const file of declarations) copyFileSync(join(dist, file), join(dist, 'cjs', file));
  writeFileSync(join(dist, manifestOfCommonJs), '{ "type": "commonjs" }\n');
}

try {
  inlineTexts();
  await Promise.all([compile('tsconfig.json'), compile('tsconfig.cjs.json')]);
  removeLeftOvers();
  describeCommonJs();
} catch (error) {
  console.error(error instanceof Error && 'stdout' in error ? error.stdout : error);
  process.exitCode = 1;
}
