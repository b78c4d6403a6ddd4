import { chromium } from 'playwright-core';
import { serveSite } from './src/serve.ts';

const s = await serveSite();
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const [scheme, w] of [
  ['light', 1280],
  ['dark', 1280],
  ['light', 360],
] as const) {
  const p = await b.newPage({ viewport: { width: w, height: 900 }, colorScheme: scheme });
  p.on('request', (r) => {
    if (!r.url().startsWith(s.url)) console.log('OUT', r.url());
  });
  for (const path of (
    process.argv[2] ?? '/,/options,/guides/after-failure,/concepts/requests,/api/latchkey/express'
  ).split(',')) {
    await p.goto(s.url + path);
    await p.waitForTimeout(200);
    const o = await p.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    console.log(path, w, o.join());
    await p.screenshot({ path: `/tmp/s-${scheme}-${w}-${path.replaceAll('/', '_')}.png` });
  }
}
await b.close();
await s.close();
