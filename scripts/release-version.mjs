// Refuses a release whose tag, package versions and changelog differ: node scripts/release-version.mjs v1.2.3

import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { Refusal, runScript } from './prepare/process.mjs';
import { root } from './prepare/root.mjs';

/** @param {string} name */
function manifestOf(name) {
  return JSON.parse(readFileSync(`${root}/packages/${name}/package.json`, 'utf8'));
}

await runScript(async () => {
  const [tag = ''] = argv.slice(2);
  const { version } = manifestOf('latchkey');
  if (tag !== `v${version}`) throw new Refusal(`The tag is ${tag} and the version of the package ${version}.`);
  const cli = manifestOf('cli');
  if (cli.version !== version || cli.dependencies.latchkey !== version)
    throw new Refusal(`packages/cli must have the version ${version} and depend on that version of latchkey.`);
  const heading = new RegExp(`^## ${version.replaceAll('.', '\\.')} \\(\\d{4}-\\d{2}-\\d{2}\\)$`, 'm');
  if (!heading.test(readFileSync(`${root}/CHANGELOG.md`, 'utf8'))) {
    throw new Refusal(`CHANGELOG.md needs a heading with the date: ## ${version} (YYYY-MM-DD)`);
  }
});
