import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../../prepare/process.mjs';
import { node24, root } from '../../prepare/root.mjs';
import { bring, consumerOf, type Installed } from './install.ts';

const settings = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2024',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
    // @types/koa needs the types that it depends on; the package here, which Express depends on, has others of its own.
    paths: { 'content-disposition': [join(root, 'node_modules/@types/content-disposition')] },
  },
};

const files = ['consumer.mts', 'consumer.cts'];

/**
 * Under `module: nodenext` the same text is an ES module in a .mts file, and CommonJS with `require` in a .cts file.
 */
const use = `
import { createServer } from 'node:http';
import { LatchkeyError } from 'latchkey';
import { memoryStore } from 'latchkey/memory';
import { idempotency } from 'latchkey/node';

const guard = idempotency({ store: memoryStore(), principal: (request) => request.headers['x-tenant']?.toString() });

export const server = createServer(guard.wrap((request, response) => {
  const operationId: string = guard.context(request).operationId;
  response.end(operationId);
}));

export const refusal: LatchkeyError['code'] = 'key-reused';
`;

/** The types of every Node project, and the additional types of projects that import an adapter for a framework. */
const types = {
  node: ['@types/node', 'undici-types'],
  frameworks: ['@types/express', '@types/koa', 'fastify', 'hono'],
};

const isForFramework = (specifier: string): boolean => /\/(express|fastify|hono|koa|nest)$/.test(specifier);

async function compile(consumer: string, specifiers: readonly string[]): Promise<string[]> {
  const all = specifiers.map((specifier, index) => `export type All${index} = typeof import('${specifier}');`);
  const problems: string[] = [];
  // Separately, since a program with both has duplicate declarations of the additions to Fastify's types.
  for (const file of files) {
    writeFileSync(join(consumer, file), [use, ...all].join('\n'));
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ ...settings, files: [file] }));
    const { ok, output } = await capture(node24, [join(root, 'node_modules/typescript/bin/tsc'), '-p', consumer]);
    if (!ok) problems.push(`the declarations do not compile for ${file}:\n${output}`);
  }
  return problems;
}

/**
 * Compiles a small consumer against the declarations, as an ES module and as CommonJS: adapters for frameworks with the
 * frameworks' types, all other entries without.
 */
export async function problemsOfTypes(installed: Installed): Promise<string[]> {
  const consumer = consumerOf(installed);
  for (const name of types.node) bring(name, consumer);
  const bare = await compile(
    consumer,
    installed.specifiers.filter((specifier) => !isForFramework(specifier)),
  );
  for (const name of types.frameworks) bring(name, consumer);
  return [...bare, ...(await compile(consumer, installed.specifiers))];
}
