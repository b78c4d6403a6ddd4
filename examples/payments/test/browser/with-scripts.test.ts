import { describe, expect, it } from 'vitest';
import { expectSoon, waitUntil } from '../support/wait-until.ts';
import type { CheckoutPage } from './checkout-page.ts';
import { setStage } from './stage.ts';

const play = setStage(true);

function expectOutcomes(checkout: CheckoutPage, keyed: string, naive: string): Promise<void> {
  const outcomes = () => Promise.all([checkout.outcome('keyed'), checkout.outcome('naive')]);
  return expectSoon(outcomes, [keyed, naive]);
}

describe.concurrent('the checkout page', () => {
  it(
    'pays once at both endpoints when nothing fails',
    play(async (checkout) => {
      await checkout.payAndWait();
      await expectOutcomes(checkout, 'Charged once', 'Charged once');
    }),
  );

  it(
    'counts the cart',
    play(async (checkout) => {
      await checkout.page.getByLabel('Reading lamp').fill('2');
      expect(await checkout.text('#total')).toBe('$134.00');
      await checkout.payAndWait();
      await waitUntil(async () => (await checkout.text('#keyed-ledger .outcome')).includes('$134.00'));
    }),
  );

  it(
    'gives the next attempt a new key after a declined card',
    play(async (checkout) => {
      await checkout.chooseCard('tok_chargeDeclined');
      await checkout.payAndWait();
      expect(await checkout.story('keyed')).toContain('The card was declined.');
      const declined = await checkout.keys();
      await checkout.chooseCard('tok_visa');
      await checkout.payAndWait();
      const paid = await checkout.keys();
      expect([declined.length, paid.length]).toEqual([1, 1]);
      expect(paid).not.toEqual(declined);
      await expectOutcomes(checkout, 'Charged once', 'Charged once');
    }),
  );

  it(
    'charges once with a key and twice without when the answer is lost',
    play(async (checkout) => {
      await checkout.choose('lost');
      await checkout.payAndWait();
      expect(await checkout.keys()).toHaveLength(1);
      await expectOutcomes(checkout, 'Charged once', 'Charged twice');
    }),
  );

  it(
    'charges once with a key and twice without when the server is slow and the buyer clicks again',
    play(async (checkout) => {
      await checkout.choose('slow');
      await checkout.payAndWait();
      expect(await checkout.story('keyed')).toContain('The buyer clicks again');
      await expectOutcomes(checkout, 'Charged once', 'Charged twice');
    }),
  );

  it(
    'continues with the same key after a reload during the payment, and charges once',
    play(async (checkout) => {
      await checkout.choose('slow');
      await checkout.send();
      const before = await checkout.keys();
      await checkout.page.reload();
      expect(await checkout.text('#pending')).toContain('Pay now continues it');
      await checkout.choose('none');
      await checkout.payAndWait();
      expect(before).toHaveLength(1);
      expect(await checkout.keys()).toEqual(before);
      await expectSoon(() => checkout.outcome('keyed'), 'Charged once');
      expect(await checkout.page.locator('#pending').isVisible()).toBe(false);
    }),
  );

  it(
    'locks the cart of an order that was sent',
    play(async (checkout) => {
      await checkout.page.getByLabel('Notebook').fill('5');
      await checkout.choose('slow');
      await checkout.send();
      await checkout.page.reload();
      const notebook = checkout.page.getByLabel('Notebook');
      expect([await notebook.inputValue(), await notebook.isDisabled()]).toEqual(['5', true]);
    }),
  );
});

describe('a server that dies', () => {
  it(
    'after the commit charges once with a key and twice without',
    play(async (checkout) => {
      await waitUntil(async () => (await checkout.text('#server')).includes('Server is up'));
      const before = await checkout.text('#server');
      await checkout.choose('dies-after-commit');
      await checkout.payAndWait();
      await expectOutcomes(checkout, 'Charged once', 'Charged twice');
      expect(await checkout.text('#server')).not.toBe(before);
      expect(await checkout.keys()).toHaveLength(1);
      expect((await checkout.story('keyed')).at(-1)).toContain('replayed');
    }),
  );

  it(
    'before the commit leaves nothing, and the retry charges',
    play(async (checkout) => {
      await checkout.choose('dies-before-commit');
      await checkout.payAndWait();
      await expectOutcomes(checkout, 'Charged once', 'Charged once');
      expect(await checkout.keys()).toHaveLength(1);
      expect((await checkout.story('keyed')).at(-1)).not.toContain('replayed');
    }),
  );
});
