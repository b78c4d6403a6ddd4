/** `npm run pictures`: takes the pictures of the documentation's pages. */

import { launchChromium } from '../../examples/payments/test/support/chromium.ts';
import { buildSite } from '../src/build.ts';
import { folders } from '../src/folders.ts';
import { serveSite } from '../src/serve.ts';

const pictures = [
  { name: 'site-start', path: '/', colorScheme: 'light' },
  { name: 'site-guide', path: '/concepts/requests', colorScheme: 'dark' },
  { name: 'site-options', path: '/options', colorScheme: 'light' },
] as const;

await buildSite();
const [site, browser] = await Promise.all([serveSite(), launchChromium()]);
try {
  for (const { name, path, colorScheme } of pictures) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
    await page.goto(site.url + path, { waitUntil: 'networkidle' });
    const picture = `${folders.docs}/images/${name}.png`;
    await page.screenshot({ path: picture });
    await page.close();
    console.log(picture);
  }
} finally {
  await browser.close();
  await site.close();
}
