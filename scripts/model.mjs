// Checks every state of the protocol's model: npm run model [-- --quick] [-- --mutations] [-- --mutation NAME]

import { argv } from 'node:process';
import { mutations } from './model/mutations.mjs';
import { check } from './model/spin.mjs';
import { runScript, seconds } from './prepare/process.mjs';
import { ensureModelPrograms } from './prepare/programs.mjs';

/** @typedef {import('./model/spin.mjs').Setting} Setting */

/** @type {readonly Setting[]} */
const quick = [
  { rerun: false, attempts: 2, lease: 1 },
  { rerun: true, attempts: 2, lease: 1 },
];

/** @type {readonly Setting[]} */
const thorough = [
  ...quick,
  { rerun: false, attempts: 2, lease: 2 },
  { rerun: true, attempts: 2, lease: 2 },
  { rerun: false, attempts: 3, lease: 1 },
  { rerun: true, attempts: 3, lease: 1 },
];

/** @param {Setting} setting */
function nameOf({ rerun, attempts, lease }) {
  return `${rerun ? 'rerun ' : 'refuse'}, ${attempts} attempts, lease of ${lease}`;
}

/** @param {readonly Setting[]} settings */
async function checkAll(settings) {
  for (const setting of settings) {
    const start = performance.now();
    const { states, depth, violated, story } = await check(setting);
    const time = seconds(performance.now() - start);
    print(`${nameOf(setting)}: ${states.toLocaleString('en')} states, depth ${depth}, ${time}`);
    if (violated === undefined) continue;
    print(`${story}\nNot true: ${violated}`);
    return 1;
  }
  return 0;
}

/** @param {readonly import('./model/mutations.mjs').Mutation[]} wanted */
async function checkMutations(wanted) {
  let survivors = 0;
  for (const mutation of wanted) {
    const { violated, story } = await check({ attempts: 2, lease: 1, ...mutation }, mutation);
    print(`${violated === undefined ? 'SURVIVED' : 'caught  '} ${mutation.name}`);
    if (violated !== undefined) print(`         ${violated}`);
    if (story !== undefined && wanted.length === 1) print(story);
    if (violated === undefined) survivors += 1;
  }
  print(`${wanted.length - survivors} of ${wanted.length} mutations are caught`);
  return survivors === 0 ? 0 : 1;
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}

await runScript(async () => {
  await ensureModelPrograms();
  const only = argv[argv.indexOf('--mutation') + 1];
  if (argv.includes('--mutation')) return checkMutations(mutations.filter(({ name }) => name === only));
  if (argv.includes('--mutations')) return checkMutations(mutations);
  return checkAll(argv.includes('--quick') ? quick : thorough);
});
