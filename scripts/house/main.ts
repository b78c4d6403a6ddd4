// Measures the code path of a request and checks its limits: npm run house [-- -v] With -v it prints every step of each
// request.

import { startRedis } from '../../packages/latchkey/test/servers/redis-server.ts';
import { runScript } from '../prepare/process.mjs';
import { crowdedFolders } from './folders.ts';
import { instrumentLibrary } from './instrument.ts';
import { type Limit, requestTypeLimit, walkLimits } from './limits.ts';
import { requestTypes } from './request-types.ts';
import { storyOf, type Walk, type Walks, walksOf } from './walk.ts';

const verbose = process.argv.includes('-v');
const columns = ['files', 'functions', 'returns'] as const;
const kinds = ['first', 'replay'] as const;

type Kind = (typeof kinds)[number];

/** @returns the violations */
function check(title: string, figure: number, { ceiling }: Limit): string[] {
  return figure > ceiling ? [`${title}: ${figure} is above the ceiling of ${ceiling}`] : [];
}

function row(title: string, cells: readonly string[]): string {
  return title.padEnd(28) + cells.map((cell) => cell.padStart(12)).join('');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Every framework on every store. */
async function allWalks(): Promise<Map<string, Walks>> {
  instrumentLibrary();
  const { applications, stores } = await import('./applications.ts');
  const redis = await startRedis();
  const walks = new Map<string, Walks>();
  try {
    for (const [storeName, open] of Object.entries(stores))
      for (const [framework, application] of Object.entries(applications)) {
        const { store, close } = await open(redis.port);
        walks.set(`${framework}, ${storeName}`, await walksOf(await application(store)));
        await close();
      }
  } finally {
    await redis.stop();
  }
  return walks;
}

function reportWalks(walks: ReadonlyMap<string, Walks>): string[] {
  print(row('', columns));
  for (const [name, both] of walks)
    for (const kind of kinds) {
      print(
        row(
          `${name}, ${kind}`,
          columns.map((column) => String(both[kind][column])),
        ),
      );
      if (verbose) print(storyOf(both[kind]));
    }
  return kinds.flatMap((kind) =>
    reportLongest(
      kind,
      [...walks.values()].map((both) => both[kind]),
    ),
  );
}

function reportLongest(kind: Kind, walks: readonly Walk[]): string[] {
  const ofKind = walkLimits[kind];
  print(
    row(
      `ceiling (goal), ${kind}`,
      columns.map((column) => `${ofKind[column].ceiling} (${ofKind[column].goal})`),
    ),
  );
  return columns.flatMap((column) =>
    check(`${column} of a ${kind} request`, Math.max(...walks.map((walk) => walk[column])), ofKind[column]),
  );
}

function reportTypes(): string[] {
  const types = requestTypes();
  const { ceiling, goal } = requestTypeLimit;
  print(`\n${types.length} types hold two or more of a request's members; ceiling ${ceiling}, goal ${goal}:`);
  for (const { file, name, members } of types) print(`  ${name} (${file}): ${members.join(', ')}`);
  return check('types that hold a request', types.length, requestTypeLimit);
}

await runScript(async () => {
  const problems = [...reportWalks(await allWalks()), ...reportTypes(), ...crowdedFolders()];
  for (const problem of problems) print(`TOO MUCH: ${problem}`);
  return problems.length === 0 ? 0 : 1;
});
