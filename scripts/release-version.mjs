// Refuses a release whose tag, package version and changelog differ: node scripts/release-version.mjs v1.2.3

import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { Refusal, runScript } from './prepare/process.mjs';
import { root } from './prepare/root.mjs';

await runScript(async () => {
  const [tag = ''] = argv.slice(2);
  const { version } = JSON.parse(readFileSync(`${root}/packages/latchkey/package.json`, 'utf8'));
  if (tag !== `v${version}`) throw new Refusal(`The tag is ${tag} and the version of the package ${version}.`);
  const heading = new RegExp(`^## ${version.replaceAll('.', '\\.')} \\(\\d{4}-\\d{2}-\\d{2}\\)$`, 'm');
  if (!heading.test(readFileSync(`${root}/CHANGELOG.md`, 'utf8'))) {
    throw new Refusal(`CHANGELOG.md needs a heading with the date: ## ${version} (YYYY-MM-DD)`);
  }
});
