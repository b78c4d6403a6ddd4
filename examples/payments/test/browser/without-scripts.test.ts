import { describe, expect, it } from 'vitest';
import { expectSoon, waitUntil } from '../support/wait-until.ts';
import type { CheckoutPage, Panel } from './checkout-page.ts';
import { setStage } from './stage.ts';

const play = setStage(false);

const endpoints: [Panel, string][] = [
  ['keyed', 'Charged once'],
  ['naive', 'Charged twice'],
];
const buttons: Record<Panel, string> = { keyed: 'Pay now', naive: 'Pay now, without a key' };

const hiddenKey = ({ page }: CheckoutPage) => page.locator('[name=idempotency_key]').inputValue();

async function payAgain(checkout: CheckoutPage, panel: Panel): Promise<void> {
  await checkout.click(buttons[panel]);
  await checkout.page.waitForURL(/paid=/);
  expect(await checkout.text('.notice')).toMatch(/^Order [0-9A-F]{8} is paid/);
}

/**
 * Pays with a disaster. If no page loads, the buyer opens the checkout again and pays again. The browser may be faster:
 * it repeats a POST automatically if a reused connection breaks.
 */
async function payThrough(checkout: CheckoutPage, disaster: string, panel: Panel): Promise<void> {
  await checkout.choose(disaster);
  const failed = checkout.page.waitForEvent('requestfailed').then(isTrue);
  const paid = checkout.page.waitForURL(/paid=/).then(isFalse);
  await checkout.click(buttons[panel]);
  if (!(await firstOf(failed, paid))) return;
  await waitUntil(() => checkout.visit().then(isTrue, isFalse));
  await payAgain(checkout, panel);
}

/** The other one fails when the page navigates or closes. */
function firstOf<T>(...promises: readonly Promise<T>[]): Promise<T> {
  for (const promise of promises) promise.catch(() => {});
  return Promise.any(promises);
}

const isTrue = () => true;
const isFalse = () => false;

describe.concurrent('the plain form', () => {
  it(
    'pays, and reloading the next page pays nothing',
    play(async (checkout) => {
      await payAgain(checkout, 'keyed');
      await checkout.page.reload();
      expect(await checkout.text('.notice')).toMatch(/is paid/);
      expect(await checkout.page.locator('#keyed-ledger tbody tr').count()).toBe(1);
    }),
  );

  it(
    'has a new key after the receipt, and after a declined card',
    play(async (checkout) => {
      const first = await hiddenKey(checkout);
      await checkout.chooseCard('tok_chargeDeclined');
      await checkout.click();
      await checkout.page.waitForURL(/declined=/);
      expect(await checkout.text('.notice')).toContain('the card was declined');
      const second = await hiddenKey(checkout);
      await payAgain(checkout, 'keyed');
      expect(new Set([first, second, await hiddenKey(checkout)]).size).toBe(3);
      expect(await checkout.outcome('keyed')).toBe('Charged once');
    }),
  );

  it(
    'charges once when the page is reloaded during the payment and the buyer pays again',
    play(async (checkout) => {
      const key = await hiddenKey(checkout);
      await checkout.choose('slow');
      await checkout.send();
      await checkout.visit();
      expect(await hiddenKey(checkout)).toBe(key);
      await payAgain(checkout, 'keyed');
      expect(await checkout.outcome('keyed')).toBe('Charged once');
    }),
  );

  it(
    'reports that the cart of a sent order was changed',
    play(async (checkout) => {
      const key = await hiddenKey(checkout);
      // A second tab, since leaving a page cancels requests that the server has not received yet. It is ready before the
      // order is sent: a slow machine would otherwise need longer for it than the order takes.
      const tab = await checkout.nextTab();
      await tab.page.getByLabel('Pencils').fill('3');
      await checkout.choose('slow');
      await checkout.send();
      await tab.click();
      const back = tab.page.getByRole('link', { name: 'Back to the checkout' });
      await back.waitFor();
      await checkout.page.close();
      await back.click();
      expect(await hiddenKey(tab)).not.toBe(key);
      await payAgain(tab, 'keyed');
    }),
  );

  it.each(endpoints)('survives a lost answer at the %s endpoint: %s', (panel, outcome) =>
    play(async (checkout) => {
      await payThrough(checkout, 'lost', panel);
      expect(await checkout.outcome(panel)).toBe(outcome);
    })(),
  );

  it.each(endpoints)('survives a slow server and a second click at the %s endpoint: %s', (panel, outcome) =>
    play(async (checkout) => {
      await checkout.choose('slow');
      await checkout.clickTwice(buttons[panel]);
      await checkout.page.waitForURL(/paid=/);
      await expectSoon(() => checkout.visit().then(() => checkout.outcome(panel)), outcome);
    })(),
  );
});

describe.each(endpoints)('a server that dies under the %s endpoint', (panel, outcome) => {
  it(
    `after the commit: ${outcome}`,
    play(async (checkout) => {
      await payThrough(checkout, 'dies-after-commit', panel);
      expect(await checkout.outcome(panel)).toBe(outcome);
    }),
  );

  it(
    'before the commit: Charged once',
    play(async (checkout) => {
      await payThrough(checkout, 'dies-before-commit', panel);
      expect(await checkout.outcome(panel)).toBe('Charged once');
    }),
  );
});
