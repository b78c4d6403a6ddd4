import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, Refusal } from '../../prepare/process.mjs';
import { node22, node24, root } from '../../prepare/root.mjs';
import { isForeign } from './contents.ts';
import { bring, type Installed, pack } from './install.ts';

const own = join(root, 'packages/cli');
const wanted = ['LICENSE', 'README.md', 'dist/main.js', 'package.json'];

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

async function unpack(tarball: string, into: string): Promise<void> {
  mkdirSync(into, { recursive: true });
  const { ok, output } = await capture('tar', ['-xzf', tarball, '-C', into, '--strip-components=1']);
  if (!ok) throw new Refusal(`${tarball}: ${output}`);
}

/** Unpacks the packed command line and the packed library, beside this repository's copies of its other dependencies. */
async function installCli(tarball: string, library: string, consumer: string): Promise<Manifest> {
  const place = join(consumer, 'node_modules/@latchkey/cli');
  await unpack(tarball, place);
  await unpack(library, join(consumer, 'node_modules/latchkey'));
  const manifest = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(manifest.dependencies).filter((one) => one !== 'latchkey'))
    bring(name, consumer, existsSync(join(own, 'node_modules', name)) ? own : root);
  return manifest;
}

/** Commands, and what each has to print. Of the clients of databases, only the SDK of AWS is not installed. */
const commandsOf = ({ version }: Manifest): readonly (readonly [command: string, printed: string])[] => [
  ['--version', `${version}\n`],
  ['migrate --apply --yes --store sqlite:records.db', 'The tables are those of latchkey-'],
  ['list --store sqlite:records.db', 'There are no lapsed records.'],
  ['list --store redis://127.0.0.1:1', 'ECONNREFUSED'],
  ['list --store postgres://127.0.0.1:1/shop', 'ECONNREFUSED'],
  ['list --store mariadb://127.0.0.1:1/shop', 'ECONNREFUSED'],
  ['list --store dynamodb://local/table', 'npm install @aws-sdk/client-dynamodb'],
];

async function problemsOfRuns(manifest: Manifest, consumer: string): Promise<string[]> {
  const problems: string[] = [];
  for (const node of [node24, node22])
    for (const [command, printed] of commandsOf(manifest)) {
      const args = ['--disable-warning=ExperimentalWarning', 'node_modules/@latchkey/cli/dist/main.js'];
      const { output } = await capture(node, [...args, ...command.split(' ')], { cwd: consumer });
      if (!output.includes(printed)) problems.push(`latchkey ${command} on ${node} prints: ${output}`);
    }
  return problems;
}

/** Checks what the package of the command line has, and that it runs as published. */
export async function problemsOfCli({ folder, tarball }: Installed): Promise<string[]> {
  const consumer = join(folder, 'cli');
  const { filename, files } = await pack('cli', folder);
  const paths = files.map(({ path }) => path);
  const manifest = await installCli(join(folder, filename), tarball, consumer);
  return [
    ...wanted.filter((file) => !paths.includes(file)).map((file) => `the package @latchkey/cli lacks ${file}`),
    ...paths.filter(isForeign).map((file) => `the package @latchkey/cli ships ${file}`),
    ...(await problemsOfRuns(manifest, consumer)),
  ];
}
