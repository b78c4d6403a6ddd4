// Tests the packages as published: packed, installed in an empty folder, imported, required, compiled.

import { rmSync } from 'node:fs';
import { Refusal, runScript } from '../prepare/process.mjs';
import { problemsOfCli } from './package/cli.ts';
import { problemsInContents } from './package/contents.ts';
import { problemsInDocs } from './package/docs.ts';
import { problemsOfDrivers } from './package/drivers.ts';
import { problemsOfImports } from './package/imports.ts';
import { installPacked } from './package/install.ts';
import { problemsOfPeers } from './package/peers.ts';
import { problemsOfReach } from './package/reach.ts';
import { problemsOfTypes } from './package/types.ts';

await runScript(async () => {
  const installed = await installPacked();
  try {
    const checks = [
      problemsInContents,
      problemsInDocs,
      problemsOfImports,
      problemsOfReach,
      problemsOfTypes,
      problemsOfDrivers,
      problemsOfPeers,
      problemsOfCli,
    ];
    const problems = (await Promise.all(checks.map((check) => check(installed)))).flat();
    if (problems.length > 0) throw new Refusal(problems.join('\n'));
    process.stdout.write(`note: ${installed.summary}\n`);
  } finally {
    rmSync(installed.folder, { recursive: true });
  }
});
