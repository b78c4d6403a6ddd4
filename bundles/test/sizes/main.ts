// The largest parts of a bundle: npm run sizes [-- ENTRY]

import { describeSize, measureSizes } from './measure.ts';

const only = process.argv[2];
for (const [entry, size] of await measureSizes())
  if (only === undefined || only === entry)
    console.log(`${describeSize(entry, size, only === undefined ? 25 : Infinity)}\n`);
