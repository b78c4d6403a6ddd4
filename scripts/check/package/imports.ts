import { capture } from '../../prepare/process.mjs';
import { node22, node24 } from '../../prepare/root.mjs';
import { consumerOf, type Installed } from './install.ts';

const readers = {
  import: ['--input-type=module', '--eval', 'console.log(Object.keys(await import(process.argv[1])).sort().join())'],
  require: ['--input-type=commonjs', '--eval', 'console.log(Object.keys(require(process.argv[1])).sort().join())'],
};

/** The names that one way of loading gives on one Node; a warning on standard error counts as a failure. */
async function namesOf(node: string, reader: readonly string[], specifier: string, cwd: string): Promise<string> {
  const { ok, output } = await capture(node, ['--disable-warning=ExperimentalWarning', ...reader, specifier], { cwd });
  const isListOfNames = /^[\w$,]+\n$/.test(output);
  return ok && isListOfNames ? output.trim() : `nothing:\n${output}`;
}

async function problemsOf(specifier: string, cwd: string): Promise<string[]> {
  const ways = [node24, node22].flatMap((node) =>
    Object.entries(readers).map(([way, reader]) => ({ node, way, reader })),
  );
  const names = await Promise.all(ways.map(({ node, reader }) => namesOf(node, reader, specifier, cwd)));
  const withoutInterop = names.map((list) =>
    list
      .split(',')
      .filter((name) => name !== '__esModule')
      .join(),
  );
  return ways.flatMap(({ node, way }, index) =>
    withoutInterop[index] !== withoutInterop[0] || withoutInterop[index]?.startsWith('nothing')
      ? [`${way} of ${specifier} on ${node} gives ${names[index]}`]
      : [],
  );
}

/** Every export loads by `import` and by `require`, on both Nodes, with the same names. */
export async function problemsOfImports(installed: Installed): Promise<string[]> {
  const problems: string[] = [];
  for (const specifier of installed.specifiers) problems.push(...(await problemsOf(specifier, consumerOf(installed))));
  return problems;
}
