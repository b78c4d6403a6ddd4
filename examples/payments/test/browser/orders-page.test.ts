import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { readNotes, readStock } from '../support/order-database.ts';
import { ServerProcess } from '../support/server-process.ts';
import { waitUntil } from '../support/wait-until.ts';

let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([ServerProcess.start('supervisor'), launchChromium()]);
});

afterAll(async () => {
  await browser.close();
  await server.remove();
});

/** The orders page of a new buyer. */
async function visit(scripts: boolean): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: scripts });
  const page = await context.newPage();
  await page.goto(`${server.url}/orders`);
  return page;
}

async function place(page: Page, disaster: string): Promise<void> {
  await page.locator(`[name=disaster][value=${disaster}]`).check();
  await page.getByRole('button', { name: 'Place the order' }).click({ noWaitAfter: true });
}

/** The steps of the newest order with their states: `reserve resumed`. */
function steps(page: Page): Promise<readonly string[]> {
  const items = page.locator('.placed').first().locator('[data-step]');
  return items.evaluateAll((list) => list.map((item) => `${item.getAttribute('data-step')} ${item.className}`));
}

const isPaid = (page: Page) => page.locator('.placed.paid').first().isVisible();

describe('the orders page', () => {
  it('shows four steps as they run', async () => {
    const page = await visit(true);
    await place(page, 'none');
    await waitUntil(() => isPaid(page));
    expect(await steps(page)).toEqual(['reserve ran', 'charge ran', 'order ran', 'mail ran']);
    await page.context().close();
  });

  it('shows the saved steps of a killed server, and that the next one resumed after them', async () => {
    const page = await visit(true);
    await place(page, 'dies-after-charge');
    await waitUntil(() => isPaid(page));
    expect(await steps(page)).toEqual(['reserve resumed', 'charge resumed', 'order ran', 'mail ran']);
    await waitUntil(async () => (await page.locator('#order-timeline .paid').count()) === 1);
    expect(await page.locator('#server').textContent()).toMatch(/after \d+ died/);
    await page.context().close();
  });

  it('charges once although the provider dies after charging the card', async () => {
    const page = await visit(true);
    const before = readStock(server.dataFolder, 'lamp');
    await place(page, 'provider-die');
    await waitUntil(() => isPaid(page));
    expect(readStock(server.dataFolder, 'lamp')).toBe(before - 1);
    await page.context().close();
  });

  it('works without scripts, even if the server dies', async () => {
    const page = await visit(false);
    const failed = page.waitForEvent('requestfailed').catch(() => undefined);
    const arrived = page.waitForURL(/over=/).catch(() => undefined);
    await place(page, 'dies-after-reserve');
    await Promise.race([failed, arrived]);
    if (!page.url().includes('over=')) {
      await waitUntil(() =>
        page.goto(`${server.url}/orders`).then(
          () => true,
          () => false,
        ),
      );
      await place(page, 'none');
      await page.waitForURL(/over=/);
    }
    expect(await steps(page)).toEqual(['reserve resumed', 'charge ran', 'order ran', 'mail ran']);
    expect(readNotes(server.dataFolder).filter((note) => note === 'reserve 1 ran').length).toBeGreaterThan(0);
    await page.context().close();
  });
});
