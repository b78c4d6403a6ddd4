import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { memoryStore } from 'latchkey/memory';
import { idempotency } from 'latchkey/node';

const library = fileURLToPath(new URL('.', import.meta.resolve('latchkey')));

/** A page whose `click(operation, amount, options)` places an order, and that keeps the client's events. */
const page = `<!doctype html><title>Orders</title><link rel="icon" href="data:,"><script type="module">
import { idempotentFetch } from '/latchkey/client/index.js';
window.events = [];
const onEvent = (event) => window.events.push({ ...event, error: undefined });
window.click = async (amount, options = {}) => {
  const send = (window.send ??= idempotentFetch({ onEvent, ...options }));
  const init = { method: 'POST', body: JSON.stringify({ amount }), operation: 'cart-1' };
  try {
    const { response, final, replayed, attempts } = await send('/orders', init);
    return { text: await response.text(), final, replayed, attempts };
  } catch (error) {
    return { code: error.code, attempts: error.attempts };
  }
};
</script>`;

/** A shop with one guarded route with default settings, whose handler the test controls. */
export class OrderServer implements AsyncDisposable {
  /** The amounts of all orders that were placed. */
  readonly orders: unknown[] = [];
  /** Requests that reached the server. */
  requests = 0;
  /** Number of next requests that lose their connection once their order is placed. */
  losses = 0;
  /** Each order waits for this before it is placed. */
  gate: Promise<void> = Promise.resolve();
  readonly #guard = idempotency({ store: memoryStore(), principal: () => 'buyer', log: false });
  readonly #server = createServer();

  static async start(): Promise<OrderServer> {
    const shop = new OrderServer();
    await new Promise<void>((resolve) => shop.#server.listen(0, '127.0.0.1', resolve));
    return shop;
  }

  private constructor() {
    const place = this.#guard.wrap((request: IncomingMessage, response: ServerResponse) =>
      this.#place(request, response),
    );
    const app = express();
    app.get('/', (_request, response) => void response.type('html').send(page));
    app.use('/latchkey', express.static(library));
    app.post('/orders', (request, response) => {
      this.requests += 1;
      if (this.losses > 0) this.#lose(response);
      return place(request, response);
    });
    this.#server.on('request', app);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /**
   * Breaks the connection during the answer to a placed order; if it broke before, Chromium would resend automatically.
   */
  #lose(response: ServerResponse): void {
    this.losses -= 1;
    const { socket } = response;
    response.writeHead = () => response;
    response.write = () => true;
    response.end = () => {
      socket?.end('HTTP/1.1 201 Created\r\ncontent-length: 1000\r\n\r\nhalf');
      return response;
    };
  }

  async #place(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    await this.gate;
    this.orders.push(JSON.parse(body).amount);
    response.writeHead(201).end(`order ${this.orders.length}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#guard.shutdown();
  }
}
