import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { capture } from '../../prepare/process.mjs';
import { node24, root } from '../../prepare/root.mjs';
import { consumerOf, type Installed } from './install.ts';

const settings = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2024',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  },
  files: ['consumer.mts', 'consumer.cts'],
};

/** Under `module: nodenext` the same text is an ES module in a .mts file and CommonJS, hence `require`, in a .cts file. */
const use = `
import { createServer } from 'node:http';
import { LatchkeyError } from 'latchkey';
import { memoryStore } from 'latchkey/memory';
import { idempotency } from 'latchkey/node';

const guard = idempotency({ store: memoryStore(), principal: (request) => request.headers['x-tenant']?.toString() });

export const server = createServer(guard((request, response) => {
  const operationId: string = guard.context(request).operationId;
  response.end(operationId);
}));

export const refusal: LatchkeyError['code'] = 'key-reused';
`;

/** A consumer has these of its own: Node's types, and those of the frameworks whose adapters it imports. */
const brought = ['@types/node', 'undici-types'];

function bring(name: string, consumer: string): void {
  const link = join(consumer, 'node_modules', name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), link);
}

/** A small consumer compiles against the declarations, as an ES module and as CommonJS. */
export async function problemsOfTypes(installed: Installed): Promise<string[]> {
  const consumer = consumerOf(installed);
  for (const name of brought) bring(name, consumer);
  const all = installed.specifiers.map(
    (specifier, index) => `export type All${index} = typeof import('${specifier}');`,
  );
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(settings));
  for (const file of settings.files) writeFileSync(join(consumer, file), [use, ...all].join('\n'));
  const { ok, output } = await capture(node24, [join(root, 'node_modules/typescript/bin/tsc'), '-p', consumer]);
  return ok ? [] : [`the declarations do not compile for a consumer:\n${output}`];
}
