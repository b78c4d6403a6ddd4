import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, type ExpectStatic, expect, it, type TestContext } from 'vitest';
import type { NextApp } from './next-app.ts';

/** One buyer's browser on the shop's form. */
class Shop {
  readonly buyer = crypto.randomUUID();
  readonly context: BrowserContext;
  readonly page: Page;
  readonly #app: NextApp;
  readonly #path: string;
  readonly #hasScripts: boolean;

  private constructor(app: NextApp, context: BrowserContext, page: Page, { hasIntent, hasScripts }: Variant) {
    this.#app = app;
    this.context = context;
    this.page = page;
    this.#path = hasIntent ? `/shop/cart-${this.buyer}` : '/shop/none';
    this.#hasScripts = hasScripts;
  }

  static async open(browser: Browser, app: NextApp, variant: Variant): Promise<Shop> {
    const context = await browser.newContext({ javaScriptEnabled: variant.hasScripts });
    const shop = new Shop(app, context, await context.newPage(), variant);
    await context.addCookies([{ name: 'buyer', value: shop.buyer, url: app.origin }]);
    await shop.visit(shop.page);
    return shop;
  }

  async visit(page: Page): Promise<void> {
    await page.goto(this.#app.origin + this.#path);
    await this.ready(page);
  }

  /** With scripts, waits until React has taken over the form. */
  async ready(page: Page): Promise<void> {
    await page.getByRole('button').waitFor();
    if (this.#hasScripts)
      await page.waitForFunction(() => Object.keys(document.forms[0] ?? {}).some((key) => key.startsWith('__react')));
  }

  order(page: Page = this.page): Promise<void> {
    return page.getByRole('button').click({ noWaitAfter: true });
  }

  receipt(page: Page = this.page): Promise<void> {
    return page.waitForURL(/\/receipts\//);
  }

  orders(): number {
    return this.#app.lines('orders').filter((line) => line.startsWith(this.buyer)).length;
  }
}

interface Variant {
  readonly hasIntent: boolean;
  readonly hasScripts: boolean;
}

const quiet = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

const variants = [true, false].flatMap((hasScripts) => [true, false].map((hasIntent) => ({ hasScripts, hasIntent })));

const title = ({ hasIntent, hasScripts }: Variant) =>
  `${hasIntent ? 'with' : 'without'} an intent, scripts ${hasScripts ? 'on' : 'off'}`;

/** Tests the form of an application in Chromium. */
export function browserTests(app: () => NextApp): void {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: quiet,
      // After Back, users see the page that they left.
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    });
  });
  afterAll(() => browser.close());

  const flow =
    (variant: Variant, play: (shop: Shop, expect: ExpectStatic) => Promise<void>) =>
    async ({ expect }: TestContext) => {
      const shop = await Shop.open(browser, app(), variant);
      try {
        await play(shop, expect);
      } finally {
        await shop.context.close();
      }
    };

  for (const variant of variants)
    describe.concurrent(`a form ${title(variant)}`, () => {
      /** Without an intent, a new render is a new intent. */
      const forNewRender = variant.hasIntent ? 1 : 2;

      it(
        'orders once for a double click',
        flow(variant, async (shop) => {
          await shop.page.getByRole('button').dblclick({ noWaitAfter: true });
          await shop.receipt();
          expect(shop.orders()).toBe(1);
        }),
      );

      it(
        `orders ${forNewRender === 1 ? 'once' : 'twice'} when reloaded in flight and submitted again`,
        flow(variant, async (shop, expect) => {
          const sent = shop.page.waitForRequest((request) => request.method() === 'POST');
          await shop.order();
          expect('next-action' in (await sent).headers()).toBe(variant.hasScripts);
          // A form without scripts is a navigation; playwright-core reports it as aborted when it reloads the page.
          await (variant.hasScripts ? shop.page.reload() : shop.visit(shop.page));
          await shop.ready(shop.page);
          await shop.order();
          await shop.receipt();
          await expect.poll(() => shop.orders()).toBe(forNewRender);
        }),
      );

      it(
        'orders once when the same page is submitted again after Back',
        flow(variant, async (shop) => {
          await shop.order();
          await shop.receipt();
          // A page that comes back as it was has no load event.
          await shop.page.goBack({ waitUntil: 'commit' });
          await shop.ready(shop.page);
          await shop.order();
          await shop.receipt();
          expect(shop.orders()).toBe(1);
        }),
      );

      it(
        `orders ${forNewRender === 1 ? 'once' : 'twice'} in two tabs`,
        flow(variant, async (shop) => {
          const tab = await shop.context.newPage();
          await shop.visit(tab);
          await Promise.all(
            [shop.page, tab].map(async (page) => {
              await shop.order(page);
              await shop.receipt(page);
            }),
          );
          expect(shop.orders()).toBe(forNewRender);
        }),
      );
    });
}
