/**
 * A card provider for trying the order flow, as a separate process: `node server.ts PORT FOLDER [BEHAVIOUR,…]`.
 *
 * `POST /v1/charges` pays, once per Idempotency-Key. `GET /v1/charges` lists payments. `PUT /control` sets its
 * behaviour, and `DELETE /control/keys` makes it forget its keys.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Behaviour, isBehaviour, nextBehaviour, type Orders } from './behaviour.ts';
import { type CardCharge, type CardPayment, openProviderLedger } from './ledger.ts';

const maxBodyBytes = 16 * 1024;
const slowMs = 2_000;
/** The test card that every bank declines. */
const declinedSource = 'tok_chargeDeclined';

const [port = '0', folder = '.', always = 'ok'] = process.argv.slice(2);
const ledger = openProviderLedger(folder);
const orders: Orders = { next: [], always: always.split(',').filter(isBehaviour) };

class BadRequest extends Error {}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > maxBodyBytes) throw new BadRequest('The body is too long.');
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Reported below, together with values that are not objects.
  }
  throw new BadRequest('The body must be a JSON object.');
}

function paymentIn({ amount, currency, reference }: Record<string, unknown>): CardPayment {
  if (typeof amount === 'number' && Number.isSafeInteger(amount) && amount > 0)
    if (typeof currency === 'string' && typeof reference === 'string') return { amount, currency, reference };
  throw new BadRequest('A payment has an amount, a currency and a reference.');
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const acts: Readonly<Record<Behaviour, (response: ServerResponse, carryOut: () => CardCharge) => void>> = {
  ok: (response, carryOut) => answer(response, 200, carryOut()),
  fail: (response) => answer(response, 500, { error: 'The provider has a bad day.' }),
  decline: (response) => answer(response, 402, { error: 'The card was declined.' }),
  hang: () => {},
  'lose-answer': (response, carryOut) => {
    carryOut();
    response.destroy();
  },
  'answer-twice': (response, carryOut) => {
    const body = JSON.stringify(carryOut());
    const whole = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    response.socket?.end(whole + whole);
  },
  slow: (response, carryOut) => {
    const charge = carryOut();
    setTimeout(() => answer(response, 200, charge), slowMs);
  },
  die: (_response, carryOut) => {
    carryOut();
    process.kill(process.pid, 'SIGKILL');
  },
};

/** The outcome of a key is final: neither a retry nor a delayed request changes it. */
function consistent(chosen: Behaviour, fate: 'paid' | 'declined' | undefined): Behaviour {
  if (fate === 'declined') return 'decline';
  return chosen === 'decline' && fate === 'paid' ? 'ok' : chosen;
}

async function pay(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const field = request.headers['idempotency-key'];
  if (typeof field !== 'string' || field === '') throw new BadRequest('Send an Idempotency-Key.');
  // Lets a merchant whose first answer was lost distinguish this answer from a firewall's.
  response.setHeader('Idempotency-Key', field);
  const key = field.replaceAll('"', '');
  const body = await readJson(request);
  const payment = paymentIn(body);
  const chosen = body['source'] === declinedSource ? 'decline' : nextBehaviour(orders, Math.random());
  const behaviour = consistent(chosen, ledger.fateOf(key));
  if (behaviour === 'decline') ledger.decline(key);
  acts[behaviour](response, () => ledger.charge(key, payment));
}

function look(url: URL, response: ServerResponse): void {
  const idempotencyKey = url.searchParams.get('idempotency_key');
  const reference = url.searchParams.get('reference');
  const data = ledger.find({ ...(idempotencyKey && { idempotencyKey }), ...(reference && { reference }) });
  answer(response, 200, { data });
}

function behavioursIn(value: unknown): Behaviour[] {
  if (Array.isArray(value) && value.every(isBehaviour)) return value;
  throw new BadRequest('next and always are arrays of behaviours.');
}

async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { next, always } = await readJson(request);
  if (next !== undefined) orders.next.splice(0, Number.POSITIVE_INFINITY, ...behavioursIn(next));
  if (always !== undefined) orders.always = behavioursIn(always);
  answer(response, 200, orders);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://provider');
  const route = `${request.method} ${url.pathname}`;
  if (route === 'POST /v1/charges') return pay(request, response);
  if (route === 'GET /v1/charges') return look(url, response);
  if (route === 'PUT /control') return control(request, response);
  if (route !== 'DELETE /control/keys') return answer(response, 404, { error: 'There is nothing here.' });
  ledger.forgetKeys();
  answer(response, 200, {});
}

function failed(response: ServerResponse, error: unknown): void {
  if (!(error instanceof BadRequest)) console.error(error);
  if (!response.headersSent) answer(response, error instanceof BadRequest ? 400 : 500, { error: String(error) });
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => failed(response, error));
});

server.listen(Number(port), '127.0.0.1', () => {
  console.log(`The card provider is at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

function stop(): void {
  server.closeAllConnections();
  server.close();
  ledger.close();
  process.exit(0);
}

for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(signal, stop);
