import { describe, expect, it } from 'vitest';
import type { NextApp } from './next-app.ts';
import { Buyer } from './next-forms.ts';

/** Tests the server actions of an application, as a browser without scripts calls them. */
export function actionTests(app: () => NextApp): void {
  const buyer = () => new Buyer(app().origin);
  const ordersOf = (visitor: Buyer) => ordersIn(app(), visitor);

  describe.concurrent('a server action', () => {
    it('that redirects does so again for a repeated submit, and sets its cookies once', async () => {
      const visitor = buyer();
      const form = await visitor.open('/forms/placeOrder');
      const first = await visitor.submit('/forms/placeOrder', { ...form, item: 'gift' });
      const second = await visitor.submit('/forms/placeOrder', { ...form, item: 'gift' });
      expect([first.status, first.location]).toEqual([303, expect.stringMatching(/^\/receipts\//)]);
      expect([second.status, second.location]).toEqual([303, first.location]);
      expect([first.cookies.length, second.cookies.length]).toEqual([1, 0]);
      expect(ordersOf(visitor)).toBe(1);
    });

    it('runs once for two submits at the same time', async () => {
      const visitor = buyer();
      const form = await visitor.open('/forms/placeOrder');
      const submits = [1, 2].map(() => visitor.submit('/forms/placeOrder', { ...form, item: 'slow' }));
      const [first, second] = await Promise.all(submits);
      expect([first?.status, second?.status]).toEqual([303, 303]);
      expect(first?.location).toBe(second?.location);
      expect(ordersOf(visitor)).toBe(1);
    });

    it('runs to its end when the client disconnects, and can still set cookies', async ({ expect }) => {
      const visitor = buyer();
      const form = await visitor.open('/forms/placeOrder');
      const members = { ...form, item: 'slow gift' };
      await visitor.submit('/forms/placeOrder', members, AbortSignal.timeout(300)).catch(() => undefined);
      await expect.poll(() => ordersOf(visitor)).toBe(1);
      expect((await visitor.submit('/forms/placeOrder', members)).status).toBe(303);
      expect(ordersOf(visitor)).toBe(1);
    });

    it('that shows "not found" does so again', async () => {
      const visitor = buyer();
      const form = await visitor.open('/forms/look');
      const submit = () => visitor.submit('/forms/look', { ...form, item: 'lamp' });
      expect([(await submit()).status, (await submit()).status]).toEqual([404, 404]);
      expect(ordersOf(visitor)).toBe(1);
    });

    it('that throws has failed for its key', async () => {
      const visitor = buyer();
      const form = await visitor.open('/forms/fail');
      const submit = () => visitor.submit('/forms/fail', { ...form, item: 'lamp' });
      expect([(await submit()).status, (await submit()).status]).toEqual([500, 500]);
      expect(ordersOf(visitor)).toBe(1);
      expect(app().output).toContain('fail has already failed for this key: The printer is on fire.');
    });

    it('revalidates its paths and tags again on a replay', async ({ expect }) => {
      const visitor = buyer();
      const form = await visitor.open('/forms/restock');
      const pages = async () => Promise.all(['/stock', '/prices'].map(async (path) => textOf(await visitor.get(path))));
      const restock = async () => {
        const before = await pages();
        expect((await visitor.submit('/forms/restock', { ...form, item: 'lamp' })).status).toBe(200);
        await expect.poll(async () => (await pages()).filter((page) => before.includes(page))).toEqual([]);
      };
      await restock();
      await restock();
      expect(ordersOf(visitor)).toBe(1);
    });

    it('refuses a value that JSON would change, by its name', async () => {
      const visitor = buyer();
      const form = await visitor.open('/forms/date');
      expect((await visitor.submit('/forms/date', { ...form, item: 'lamp' })).status).toBe(500);
      expect(app().output).toContain('action date is stored as JSON, but result.orders[0].at is an instance of Date');
    });

    it('refuses the key for another form, another file, and without a key', async () => {
      const visitor = buyer();
      const form = await visitor.open('/forms/placeOrder');
      const submit = (members: Record<string, string | Blob>) => visitor.submit('/forms/placeOrder', members);
      const file = (text: string) => new File([text], 'list.txt');
      expect((await submit({ ...form, item: 'lamp', list: file('a') })).status).toBe(303);
      expect((await submit({ ...form, item: 'lamp', list: file('b') })).status).toBe(500);
      expect((await submit({ ...form, item: 'sofa', list: file('a') })).status).toBe(500);
      const { idempotency_key: _, ...unkeyed } = form;
      expect((await submit({ ...unkeyed, item: 'lamp' })).status).toBe(500);
      expect(app().output).toMatch(/#key-reused[\s\S]*#key-missing/);
      expect(ordersOf(visitor)).toBe(1);
    });

    it('takes the edited form under the same key after a result that is not kept', async () => {
      const visitor = buyer();
      const form = await visitor.open('/state');
      const submit = async (item: string) => stateIn(await visitor.submit('/state', { ...form, item }));
      expect(await submit('')).toBe('"" is no item.');
      expect(await submit('lamp')).toBe('Ordered lamp.');
      expect(await submit('lamp')).toBe('Ordered lamp.');
      expect(ordersOf(visitor)).toBe(1);
    });

    it('takes no other form after a saved step', async () => {
      const visitor = buyer();
      const form = await visitor.open('/state');
      const submit = (item: string) => visitor.submit('/state', { ...form, item });
      expect(stateIn(await submit('paid'))).toBe('"paid" is no item.');
      expect((await submit('lamp')).status).toBe(500);
      expect(stateIn(await submit('paid'))).toBe('"paid" is no item.');
      expect(
        app()
          .lines('orders')
          .filter((line) => line.startsWith(visitor.name)),
      ).toEqual([`${visitor.name} charge`]);
    });

    it('refuses a visitor whom the principal function does not know', async () => {
      const visitor = buyer();
      const form = await visitor.open('/forms/placeOrder');
      const submit = (one: Buyer) => one.submit('/forms/placeOrder', { ...form, item: 'lamp' });
      expect((await submit(visitor)).status).toBe(303);
      const gone = new Buyer(app().origin, '');
      expect(await submit(gone)).toMatchObject({ status: 500, location: null });
      expect(ordersOf(visitor)).toBe(1);
    });

    it('finds the answers of its own principal only', async () => {
      const [visitor, other] = [buyer(), buyer()];
      const form = await visitor.open('/forms/placeOrder');
      const answers = await Promise.all(
        [visitor, other].map((one) => one.submit('/forms/placeOrder', { ...form, item: 'lamp' })),
      );
      expect(new Set(answers.map(({ location }) => location)).size).toBe(2);
      expect([ordersOf(visitor), ordersOf(other)]).toEqual([1, 1]);
    });
  });
}

/** Tests the hidden input with the key. */
export function fieldTests(app: () => NextApp): void {
  const ordersOf = (visitor: Buyer) => ordersIn(app(), visitor);

  describe.concurrent('IdempotencyField', () => {
    it('has a random key for each render', async () => {
      const visitor = new Buyer(app().origin);
      const keyAt = async (path: string) => (await visitor.open(path))['idempotency_key'];
      const keys = [await keyAt('/shop/none'), await keyAt('/shop/none')];
      expect(keys).toEqual([expect.stringMatching(/^[\w-]{36}$/), expect.stringMatching(/^[\w-]{36}$/)]);
      expect(keys[0]).not.toBe(keys[1]);
    });

    it('with an intent places one order for each intent, principal and action', async () => {
      const [visitor, other] = [new Buyer(app().origin), new Buyer(app().origin)];
      const submit = async (buyer: Buyer, cart: string) => {
        const form = await buyer.open(`/shop/${cart}`);
        expect(form).toMatchObject({ idempotency_intent: cart });
        expect(form).not.toHaveProperty('idempotency_key');
        return (await buyer.submit(`/shop/${cart}`, { ...form, item: 'lamp' })).location;
      };
      const [first, reloaded] = [await submit(visitor, 'cart-1'), await submit(visitor, 'cart-1')];
      expect(first).toMatch(/^\/receipts\//);
      expect(reloaded).toBe(first);
      expect([await submit(visitor, 'cart-2'), await submit(other, 'cart-1')]).not.toContain(first);
      expect([ordersOf(visitor), ordersOf(other)]).toEqual([2, 1]);
      const { idempotency_key: _, ...look } = await visitor.open('/forms/look');
      await visitor.submit('/forms/look', { ...look, item: 'lamp', idempotency_intent: 'cart-1' });
      expect(ordersOf(visitor)).toBe(3);
    });

    it('is refused if a form has two of them', async () => {
      const visitor = new Buyer(app().origin);
      const form = await visitor.open('/forms/placeOrder');
      const submitted = { ...form, item: 'lamp', idempotency_intent: 'cart-1' };
      expect((await visitor.submit('/forms/placeOrder', submitted)).status).toBe(500);
      expect(app().output).toContain('The form of place-order has more than one IdempotencyField.');
      expect(ordersOf(visitor)).toBe(0);
    });

    it('with an intent is refused by an action without a secret', async () => {
      const visitor = new Buyer(app().origin);
      const { idempotency_key: _, ...form } = await visitor.open('/forms/withoutSecret');
      const submitted = { ...form, item: 'lamp', idempotency_intent: 'cart-1' };
      expect((await visitor.submit('/forms/withoutSecret', submitted)).status).toBe(500);
      expect(app().output).toContain('needs the option intentSecret of the action without-secret');
      expect(ordersOf(visitor)).toBe(0);
    });

    it('refuses to be shared by all visitors of a page', async () => {
      const visitor = new Buyer(app().origin);
      await visitor.get('/static/1');
      await visitor.get('/cached/1');
      expect(app().output).toContain("each request, but /static/[id] has dynamic = 'force-static'");
      expect(app().output).toContain("each request, but /cached/[id] renders it inside 'use cache'");
    });

    it('is in the example, whose form and route handler place one order', async () => {
      const visitor = new Buyer(app().origin);
      const form = await visitor.open('/carts/cart-1');
      const submit = () => visitor.submit('/carts/cart-1', { ...form, item: 'lamp' });
      const [first, second] = [await submit(), await submit()];
      expect(first.location).toMatch(/^\/orders\/\d+$/);
      expect(second.location).toBe(first.location);
      const post = () =>
        fetch(`${app().origin}/api/orders`, {
          method: 'POST',
          headers: { 'Idempotency-Key': '"k-1"', Cookie: `buyer=${visitor.name}` },
          body: JSON.stringify({ item: 'sofa' }),
        });
      const [made, again] = [await post(), await post()];
      expect([made.status, again.status]).toEqual([201, 201]);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      expect(await again.json()).toEqual(await made.json());
    });
  });
}

function ordersIn(app: NextApp, { name }: Buyer): number {
  return app.lines('orders').filter((line) => line.startsWith(name)).length;
}

function textOf({ html }: { readonly html: string }): string {
  return /<p>([\s\S]*?)<\/p>/.exec(html)?.[1] ?? '';
}

function stateIn({ html }: { readonly html: string }): string {
  return (/<p id="state">([\s\S]*?)<\/p>/.exec(html)?.[1] ?? '').replaceAll('&quot;', '"');
}
