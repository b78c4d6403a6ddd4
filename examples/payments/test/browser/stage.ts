import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { ServerProcess } from '../support/server-process.ts';
import { CheckoutPage } from './checkout-page.ts';

/** Gives each test a new buyer with the checkout page. */
export type Play = (test: (checkout: CheckoutPage) => Promise<void>) => () => Promise<void>;

/** One server with its supervisor and one browser for the tests of a file, with or without scripts. */
export function setStage(scripts: boolean): Play {
  let server: ServerProcess;
  let browser: Browser;
  beforeAll(async () => {
    [server, browser] = await Promise.all([ServerProcess.start('supervisor'), launchChromium()]);
  });
  afterAll(async () => {
    await browser.close();
    await server.remove();
  });
  return (test) => async () => {
    const checkout = await CheckoutPage.open(browser, server.url, scripts);
    try {
      await test(checkout);
    } finally {
      await checkout.close();
    }
  };
}
