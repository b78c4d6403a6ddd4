import { randomUUID } from 'node:crypto';

/** A payment as sent by the page's script. */
export interface ShopPayment {
  readonly key?: string;
  readonly disaster?: string;
  readonly path?: string;
  readonly order?: Readonly<Record<string, unknown>>;
}

/** An order that can be paid. */
export const goodOrder = { lamp: '1', notebook: '0', pencils: '0', card: 'tok_visa', order: '0123ABCD' } as const;

/** A buyer who has opened the checkout page, and pays without a browser. */
export class ShopClient {
  readonly #url: string;
  readonly #cookie: string;

  private constructor(url: string, cookie: string) {
    this.#url = url;
    this.#cookie = cookie;
  }

  /** Opens the page once to get its cookies. */
  static async open(url: string): Promise<ShopClient> {
    const response = await fetch(url);
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0]);
    return new ShopClient(url, cookies.join('; '));
  }

  /** Pays as the page's script does. */
  pay({ key, disaster, path = '/checkout/payments', order = goodOrder }: ShopPayment): Promise<Response> {
    const headers = {
      cookie: this.#cookie,
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
      ...(disaster !== undefined && { 'demo-disaster': disaster, 'demo-ticket': randomUUID() }),
    };
    return fetch(`${this.#url}${path}`, { method: 'POST', headers, body: JSON.stringify(order) });
  }

  /** Pays as the plain form does; follows no redirection. */
  submit(fields: Readonly<Record<string, string>>, path = '/checkout'): Promise<Response> {
    const body = new URLSearchParams(fields).toString();
    const headers = { cookie: this.#cookie, 'content-type': 'application/x-www-form-urlencoded' };
    return fetch(`${this.#url}${path}`, { method: 'POST', headers, body, redirect: 'manual' });
  }
}
