import { capture } from '../../prepare/process.mjs';
import { node22, node24 } from '../../prepare/root.mjs';
import { consumerOf, type Installed } from './install.ts';

const readers = {
  import: [
    '--input-type=module',
    '--eval',
    'console.log("names", ...Object.keys(await import(process.argv[1])).sort())',
  ],
  require: ['--input-type=commonjs', '--eval', 'console.log("names", ...Object.keys(require(process.argv[1])).sort())'],
};

/**
 * The exported names with one way of loading on one Node; undefined if it fails or prints anything else. An entry with
 * only types has no names.
 */
async function namesOf(node: string, reader: readonly string[], specifier: string, cwd: string) {
  const { output } = await capture(node, ['--disable-warning=ExperimentalWarning', ...reader, specifier], { cwd });
  const names = /^names((?: [\w$]+)*)\n$/.exec(output)?.[1];
  return { output, names: names?.replace(' __esModule', '') };
}

async function problemsOf(specifier: string, cwd: string): Promise<string[]> {
  const ways = [node24, node22].flatMap((node) =>
    Object.entries(readers).map(([way, reader]) => ({ node, way, reader })),
  );
  const readings = await Promise.all(ways.map(({ node, reader }) => namesOf(node, reader, specifier, cwd)));
  const [first] = readings;
  return ways.flatMap(({ node, way }, index) => {
    const reading = readings[index];
    const isFine = reading?.names !== undefined && reading.names === first?.names;
    return isFine ? [] : [`${way} of ${specifier} on ${node} gives: ${reading?.output}`];
  });
}

const comparison = `
  const required = process.argv.slice(1).map((specifier) => [specifier, require(specifier)]);
  Promise.all(required.map(async ([specifier, exports]) => {
    for (const [name, value] of Object.entries(await import(specifier)))
      if (exports[name] !== value) console.log(specifier + ' has two of ' + name);
  }));
`;

/** Checks that a program with both import and require has one copy of the library. */
async function problemsOfCopies(installed: Installed): Promise<string[]> {
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--input-type=commonjs',
    '--eval',
    comparison,
    ...installed.specifiers,
  ];
  const cwd = consumerOf(installed);
  const outputs = await Promise.all([node24, node22].map((node) => capture(node, args, { cwd })));
  return outputs.flatMap(({ output }) => output.split('\n').filter((line) => line !== ''));
}

/** Checks that every export loads by `import` and by `require`, on both Nodes, with the same names and values. */
export async function problemsOfImports(installed: Installed): Promise<string[]> {
  const problems: string[] = [];
  for (const specifier of installed.specifiers) problems.push(...(await problemsOf(specifier, consumerOf(installed))));
  return [...problems, ...(await problemsOfCopies(installed))];
}
