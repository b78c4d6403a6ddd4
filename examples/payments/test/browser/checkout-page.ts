import type { Browser, Page } from 'playwright-core';
import { waitUntil } from '../support/wait-until.ts';

export type Panel = 'keyed' | 'naive';

/** A fraction of the time for which the server is slow. */
const betweenClicksMs = 200;

/** The checkout page from a buyer's point of view. */
export class CheckoutPage {
  readonly page: Page;
  readonly #url: string;

  private constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
  }

  /** Opens the page for a new buyer with separate cookies and storage. */
  static async open(browser: Browser, url: string, scripts: boolean): Promise<CheckoutPage> {
    const context = await browser.newContext({ javaScriptEnabled: scripts });
    const checkout = new CheckoutPage(await context.newPage(), url);
    await checkout.visit();
    return checkout;
  }

  /** Another tab of the same buyer with the checkout page. Requests of this tab continue. */
  async nextTab(): Promise<CheckoutPage> {
    const tab = new CheckoutPage(await this.page.context().newPage(), this.#url);
    await tab.visit();
    return tab;
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  async visit(): Promise<void> {
    await this.page.goto(this.#url);
  }

  async choose(disaster: string): Promise<void> {
    await this.page.locator(`[name=disaster][value=${disaster}]`).check();
  }

  async chooseCard(token: string): Promise<void> {
    await this.page.locator('[name=card]').selectOption(token);
  }

  async click(name = 'Pay now'): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click({ noWaitAfter: true });
  }

  /** Clicks, and waits until the payment was sent. */
  async send(): Promise<void> {
    const sent = this.page.waitForRequest((request) => request.method() === 'POST');
    await this.click();
    await sent;
  }

  /** Clicks, and clicks again soon after the first payment was sent. */
  async clickTwice(name: string): Promise<void> {
    const button = this.page.getByRole('button', { name, exact: true });
    const { x, y } = (await button.boundingBox()) ?? { x: 0, y: 0 };
    for (const _click of ['first', 'second']) {
      const sent = this.page.waitForRequest((request) => request.method() === 'POST');
      // A locator's click would wait for the page that the first click requested.
      await this.page.mouse.click(x + 5, y + 5);
      await sent;
      // The event comes before the request leaves the browser: another click at that moment would cancel it.
      await this.page.waitForTimeout(betweenClicksMs);
    }
  }

  /** Pays with scripts, and waits until both endpoints have answered and the page shows the next order's number. */
  async payAndWait(): Promise<void> {
    const number = await this.text('#number');
    await this.click();
    await waitUntil(async () => (await this.text('#number')) !== number);
  }

  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).textContent()) ?? '';
  }

  /** A panel's text about the latest order. */
  outcome(panel: Panel): Promise<string> {
    return this.text(`#${panel}-ledger .outcome strong`);
  }

  /** A panel's list of events. */
  async story(panel: Panel): Promise<readonly string[]> {
    const items = this.page.locator(`#${panel}-timeline li`);
    return items.evaluateAll((list) => list.map((item) => item.firstChild?.textContent ?? ''));
  }

  /** The visible keys that the page sent, in order and without repetitions. */
  async keys(): Promise<readonly string[]> {
    const keys = (await this.story('keyed')).map((line) => /^POST with key (\S+)…$/.exec(line)?.[1] ?? '');
    return [...new Set(keys.filter((key) => key !== ''))];
  }
}
