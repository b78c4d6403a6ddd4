/** `npm run pictures`: takes the README's screenshot of the checkout page after a `kill -9`. */

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../test/support/chromium.ts';
import { ServerProcess } from '../test/support/server-process.ts';

const picture = fileURLToPath(new URL('../../../docs/images/checkout-after-kill.png', import.meta.url));

const server = await ServerProcess.start('supervisor');
const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, deviceScaleFactor: 2 });
  await page.goto(server.url);
  await page.getByLabel('The server dies after the charge').check();
  await page.getByRole('button', { name: 'Pay now' }).click();
  await page.locator('#naive-timeline .paid').waitFor();
  await page.locator('#pay:not([aria-busy])').waitFor();
  await page.locator('#naive-ledger .again').first().waitFor();
  mkdirSync(dirname(picture), { recursive: true });
  await page.screenshot({ path: picture, fullPage: true });
  console.log(picture);
} finally {
  await browser.close();
  await server.remove();
}
