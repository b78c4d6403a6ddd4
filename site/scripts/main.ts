/** `npm run site`: builds the site and serves it on loopback. */

import { argv, env } from 'node:process';
import { buildSite } from '../src/build.ts';
import { serveSite } from '../src/serve.ts';

await buildSite();
if (!argv.includes('--build')) {
  const { url } = await serveSite(Number(env['PORT'] ?? 8790));
  console.log(`The documentation is on ${url}`);
}
