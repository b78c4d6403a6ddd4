/** The code blocks of the pages, compiled as they stand with the names that a reader knows from the text. */

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capture } from '../../../scripts/prepare/process.mjs';
import { node24 } from '../../../scripts/prepare/root.mjs';
import { folders } from '../../src/folders.ts';

/** A code block in TypeScript. */
export interface Block {
  /** The page's path in `docs/`. */
  readonly page: string;
  /** The line of its first line of code. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

const { root } = folders;
const scratch = join(folders.site, '.work/code-blocks');

/** All pages in `docs/`, without those that are made when the site is built. */
export function allPages(): string[] {
  return readdirSync(folders.docs, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.startsWith('api/'))
    .sort();
}

/** The TypeScript blocks of a page. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(folders.docs, page), 'utf8');
  return Array.from(text.matchAll(/^```(tsx?)\n([\s\S]*?)^```$/gm), ({ 1: language = '', 2: code = '', index }) => ({
    page,
    line: text.slice(0, index).split('\n').length + 1,
    language,
    code,
  }));
}

const settings = {
  extends: `${root}/tsconfig.base.json`,
  compilerOptions: {
    noEmit: true,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
    declaration: false,
    experimentalDecorators: true,
    jsx: 'react-jsx',
    noImplicitReturns: false,
    noPropertyAccessFromIndexSignature: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    strictPropertyInitialization: false,
    types: ['node'],
  },
  include: ['*'],
};

/** Files that blocks import, and where they are in the examples. */
const companions: Readonly<Record<string, string>> = {
  'pages/accounts.ts': 'quick-start/accounts.ts',
  'pages/own-store.ts': 'own-store/own-store.ts',
  'checkout.ts': 'quick-start/checkout.ts',
};

/** Packages of other projects of the repository. */
const packages: Readonly<Record<string, readonly string[]>> = {
  edges: ['@fastify/rate-limit', '@fastify/swagger', '@hono/zod-openapi', 'express-rate-limit'],
  bundles: ['next', 'react', '@types/aws-lambda', '@types/react'],
};

/**
 * Compiles blocks together with declarations of what they take for granted.
 *
 * @param declarations - names of files in `test/declarations`.
 * @returns the compiler's errors, by page and line; empty if there are none.
 */
export async function compileBlocks(declarations: readonly string[], blocks: readonly Block[]): Promise<string> {
  const project = join(scratch, declarations.join('-'));
  const pages = join(project, 'pages');
  rmSync(project, { recursive: true, force: true });
  mkdirSync(pages, { recursive: true });
  for (const [file, example] of Object.entries(companions))
    copyFileSync(`${root}/examples/${example}`, join(project, file));
  for (const [from, names] of Object.entries(packages)) for (const name of names) bring(project, from, name);
  writeFileSync(join(pages, 'tsconfig.json'), JSON.stringify(settings));
  for (const name of declarations)
    copyFileSync(`${folders.site}/test/declarations/${name}.ts`, join(pages, `${name}.ts`));
  for (const block of blocks) writeFileSync(join(pages, fileOf(block)), moduleOf(block));
  const { output } = await capture(node24, [`${root}/node_modules/typescript/bin/tsc`, '-p', pages], { cwd: pages });
  return inPages(output, blocks);
}

function bring(project: string, from: string, name: string): void {
  const link = join(project, 'node_modules', name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(`${root}/${from}/node_modules/${name}`, link);
}

/** A block is a module. One that returns is the end of a handler, so it becomes a function. */
function moduleOf({ code }: Block): string {
  const isEndOfHandler = /^return\b/m.test(code);
  return isEndOfHandler ? `export async function handler() {\n${code}}\n` : `export {};\n${code}`;
}

function fileOf({ page, line, language }: Block): string {
  return `${page.replaceAll(/[/.]/g, '-')}-${line}.${language}`;
}

/** Names the page and line in place of the compiled file. */
function inPages(output: string, blocks: readonly Block[]): string {
  return output.replaceAll(/^(\S+?)\((\d+),(\d+)\)/gm, (whole, file: string, line: string) => {
    const block = blocks.find((candidate) => fileOf(candidate) === file);
    return block === undefined ? whole : `docs/${block.page}:${block.line + Number(line) - 2}`;
  });
}
