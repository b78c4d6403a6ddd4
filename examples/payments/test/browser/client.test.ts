import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { OrderServer } from '../support/order-server.ts';
import { waitUntil } from '../support/wait-until.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(() => browser.close());

/** The result of the page's `click`. */
interface Clicked {
  readonly text?: string;
  readonly code?: string;
  readonly final?: boolean;
  readonly replayed?: boolean;
  readonly attempts: number;
}

/** Opens the page for a new buyer. */
async function visit(url: string): Promise<Page> {
  const context = await browser.newContext();
  return open(await context.newPage(), url);
}

async function open(page: Page, url: string): Promise<Page> {
  await page.goto(url);
  await page.waitForFunction('window.click !== undefined');
  return page;
}

const click = (page: Page, amount: number, options: object = {}): Promise<Clicked> =>
  page.evaluate(`window.click(${amount}, ${JSON.stringify(options)})`);

const eventsOf = (page: Page): Promise<{ type: string; delayMs?: number; offline?: boolean }[]> =>
  page.evaluate('window.events');

describe('the client in Chromium', () => {
  it('a reload during the payment and another click are answered within three seconds of the server’s answer', async () => {
    await using server = await OrderServer.start();
    const held = Promise.withResolvers<void>();
    server.gate = held.promise;
    const page = await visit(server.url);
    const left = click(page, 2000).catch(() => 'the page was left');
    await waitUntil(() => server.requests === 1);
    await open(page, server.url);
    await left;
    const answered = click(page, 2000);
    await waitUntil(() => server.requests >= 4);
    held.resolve();
    const before = server.requests;
    expect(await answered).toMatchObject({ text: 'order 1', final: true, replayed: true });
    // The page retried once at most, after a wait of less than three seconds.
    expect(server.requests - before).toBeLessThanOrEqual(1);
    const events = await eventsOf(page);
    expect(events[0]?.type).toBe('resumed');
    for (const { delayMs = 0 } of events) expect(delayMs).toBeLessThan(2_500);
    expect(server.orders).toEqual([2000]);
    await page.context().close();
  });

  it('editing and sending again places no second order; the former request gets its answer', async () => {
    await using server = await OrderServer.start();
    server.losses = 1;
    const page = await visit(server.url);
    expect(await click(page, 2000, { maxAttempts: 1 })).toMatchObject({ code: 'retries-exhausted' });
    await open(page, server.url);
    expect(await click(page, 3000)).toEqual({ code: 'payload-changed', attempts: 0 });
    expect(await click(page, 2000)).toMatchObject({ text: 'order 1', final: true, replayed: true });
    expect(server.orders).toEqual([2000]);
    await page.context().close();
  });

  it('two tabs place one order with the cross-tab option', async () => {
    await using server = await OrderServer.start();
    const held = Promise.withResolvers<void>();
    server.gate = held.promise;
    const first = await visit(server.url);
    const second = await open(await first.context().newPage(), server.url);
    const clicks = [first, second].map((tab) => click(tab, 2000, { storage: 'cross-tab' }));
    await waitUntil(() => server.requests >= 2);
    held.resolve();
    const answers = await Promise.all(clicks);
    expect(answers.map(({ text, final }) => ({ text, final }))).toEqual(
      Array(2).fill({ text: 'order 1', final: true }),
    );
    expect(server.orders).toEqual([2000]);
    expect(await first.evaluate('localStorage.length')).toBe(0);
    await first.context().close();
  });

  it('going offline and online again finishes the payment', async () => {
    await using server = await OrderServer.start();
    const page = await visit(server.url);
    await page.context().setOffline(true);
    const answered = click(page, 2000);
    await waitUntil(async () => (await eventsOf(page)).some(({ offline }) => offline === true));
    await page.context().setOffline(false);
    expect(await answered).toMatchObject({ text: 'order 1', final: true });
    expect(server.orders).toEqual([2000]);
    await page.context().close();
  });
});
