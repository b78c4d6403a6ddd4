/** `context.finish` on a real database: effect, answer and completion are one commit. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHttpLayer } from '../../src/http/create-layer.ts';
import { type CapturedResponse, Exchange, type PlainResponse, type RequestBody } from '../../src/http/exchange.ts';
import type { HttpContext } from '../../src/http/layer.ts';
import type { Answer, GuardOptions } from '../../src/http/options.ts';
import { sqliteStore } from '../../src/stores/sqlite/index.ts';
import type { SqliteTransactions } from '../../src/stores/sqlite/sqlite-store.ts';
import { captured } from './layer-rig.ts';

type Kind = SqliteTransactions<DatabaseSync>;
type Context = HttpContext<Kind, string>;

let folder: string;
let database: DatabaseSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-http-'));
  database = new DatabaseSync(join(folder, 'shop.db'));
  database.exec('CREATE TABLE charges (amount INTEGER NOT NULL)');
});

afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

const charges = () => database.prepare('SELECT amount FROM charges').all();

class ShopExchange extends Exchange<object, Kind, string> {
  readonly method = 'POST';
  readonly target = '/v1/charges';
  readonly native = {};
  readonly #run: (context: Context) => Promise<CapturedResponse>;
  readonly #finished: PlainResponse[];

  constructor(run: (context: Context) => Promise<CapturedResponse>, finished: PlainResponse[]) {
    super();
    this.#run = run;
    this.#finished = finished;
  }

  headers(lowerName: string): readonly string[] {
    return lowerName === 'idempotency-key' ? ['k'] : [];
  }

  async body(): Promise<RequestBody> {
    return { kind: 'bytes', bytes: Buffer.from('2000') };
  }

  execute(): Promise<CapturedResponse> {
    return this.#run(this.context);
  }

  finished(response: PlainResponse): string {
    this.#finished.push(response);
    return 'finished';
  }
}

function shop(options: Partial<GuardOptions<object, Kind>> = {}) {
  const store = sqliteStore({ database });
  const layer = createHttpLayer<object, Kind>({ store, principal: () => 'me', afterFailure: 'rerun', ...options });
  const finished: PlainResponse[] = [];
  const send = async (execute: (context: Context) => Promise<CapturedResponse>) => {
    const answer = await layer.handle(new ShopExchange(execute, finished));
    if (answer.kind !== 'answer') throw new Error(`expected an answer, got ${answer.kind}`);
    const { status, headers, body } = answer.response;
    return { status, headers, text: Buffer.from(body).toString() };
  };
  return { store, send, finished };
}

const charge = (context: Context) =>
  context.finish((handle) => {
    handle.prepare('INSERT INTO charges VALUES (?)').run(2000);
    return { status: 201, headers: { Location: '/ch_1', 'Set-Cookie': 'a=b' }, body: { id: 'ch_1' } };
  });

describe('context.finish', () => {
  it('commits effect and answer together, and sends that answer, whatever the handler writes', async () => {
    const { send, store, finished } = shop();
    const first = await send(async (context) => {
      expect(await charge(context)).toBe('finished');
      return captured(500, 'too late to matter');
    });
    expect(first).toMatchObject({ status: 201, text: '{"id":"ch_1"}' });
    expect(finished).toHaveLength(1);
    const retry = await send(() => Promise.reject(new Error('must not run')));
    expect(retry).toEqual({
      status: 201,
      text: '{"id":"ch_1"}',
      headers: [
        ['Content-Type', 'application/json'],
        ['Location', '/ch_1'],
        ['Idempotent-Replayed', 'true'],
        ['Idempotency-Status', 'replayed'],
        ['Cache-Control', 'no-store'],
        ['Content-Length', '13'],
      ],
    });
    expect(charges()).toEqual([{ amount: 2000 }]);
    await store.close();
  });

  it('is final although the handler throws after it', async () => {
    const { send, store } = shop();
    const first = await send(async (context) => {
      await charge(context);
      throw new Error('after the commit');
    });
    expect(first.status).toBe(201);
    expect((await send(() => Promise.reject(new Error('must not run')))).status).toBe(201);
    expect(charges()).toHaveLength(1);
    await store.close();
  });

  it('commits a reference in place of the body, and leaves nothing without a reference', async () => {
    const reference = vi.fn((body: { id: string }): unknown => body.id);
    const rebuild = (id: string) => ({ id });
    const { send, store } = shop({ response: { reference: (body: { id: string }) => reference(body), rebuild } });
    reference.mockReturnValueOnce(undefined);
    const failed = await send(async (context) => {
      await charge(context);
      return captured(201);
    });
    expect([failed.status, charges()]).toEqual([500, []]);
    const first = await send(async (context) => {
      await charge(context);
      return captured(201);
    });
    expect(first).toMatchObject({ status: 201, text: '{"id":"ch_1"}' });
    expect(reference.mock.calls).toEqual([[{ id: 'ch_1' }], [{ id: 'ch_1' }]]);
    const [record] = (await store.list({ state: 'completed', limit: 1 })).records;
    expect(Buffer.from(record?.result?.bytes ?? []).toString()).toMatch(/"ch_1"$/);
    expect(Buffer.from(record?.result?.bytes ?? []).toString()).not.toContain('{"id"');
    const retry = await send(() => Promise.reject(new Error('must not run')));
    expect(retry).toMatchObject({ status: 201, text: '{"id":"ch_1"}' });
    expect(charges()).toHaveLength(1);
    await store.close();
  });

  it('leaves nothing if its function throws, and the retry runs', async () => {
    const { send, store, finished } = shop();
    const first = await send(async (context) => {
      await context.finish((handle) => {
        handle.prepare('INSERT INTO charges VALUES (?)').run(2000);
        throw new Error('declined');
      });
      return captured(201);
    });
    expect(first.status).toBe(500);
    expect([charges(), finished]).toEqual([[], []]);
    const retry = await send(async (context) => {
      await charge(context);
      return captured(201);
    });
    expect(retry.status).toBe(201);
    expect(charges()).toHaveLength(1);
    await store.close();
  });

  it("commits nothing with an answer that can't be sent, and the retry runs", async () => {
    const { send, store, finished } = shop({ timing: { maxAttempts: 100 } });
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const answers = [
      { status: 99 },
      { status: 600 },
      { headers: { 'X-Note': 'two\r\nlines' } },
      { headers: { 'X-Note': 'snow ☃' } },
      { headers: { 'X Note': 'x' } },
      { body: cycle },
      { body: { toJSON: () => undefined } },
      { body: new Map([['id', 'ch_1']]) },
      { body: new Response('ch_1').body },
      { body: Promise.resolve({ id: 'ch_1' }) },
      { body: new URLSearchParams({ id: 'ch_1' }) },
      Response.json({ id: 'ch_1' }),
      { id: 'ch_1' },
      { status: 201, json: { id: 'ch_1' } },
      { status: 201, headers: { 'X-Count': 3 } },
      'ch_1',
      undefined,
      null,
    ];
    const refusals: unknown[] = [];
    for (const answer of answers) {
      const first = await send(async (context) => {
        const unsendable = context.finish((handle) => {
          handle.prepare('INSERT INTO charges VALUES (?)').run(2000);
          return answer as Answer;
        });
        await unsendable.catch((error: unknown) => refusals.push(error));
        throw new Error('no answer');
      });
      expect(first.status).toBe(500);
    }
    expect([charges(), finished]).toEqual([[], []]);
    expect(refusals).toMatchObject(answers.map(() => ({ code: 'value-invalid' })));
    expect(refusals.map(String).filter((said) => said.includes('SQLite, which is synchronous'))).toHaveLength(1);
    await store.close();
  });

  it('accepts the headers of an answer as Headers too', async () => {
    const { send, store } = shop();
    const first = await send(async (context) => {
      await context.finish(() => ({ status: 201, headers: new Headers({ 'X-Note': 'kept' }), body: 'ok' }));
      return captured(201);
    });
    expect(first.headers).toContainEqual(['x-note', 'kept']);
    await store.close();
  });

  it('sends an answer over the limit, and keeps its tombstone', async () => {
    const { send, store } = shop({ response: { maxBytes: 5 } });
    const first = await send(async (context) => {
      await charge(context);
      return captured(201);
    });
    expect(first.text).toBe('{"id":"ch_1"}');
    const retry = await send(() => Promise.reject(new Error('must not run')));
    expect([retry.status, JSON.parse(retry.text)]).toMatchObject([
      410,
      { original: { status: 201, location: '/ch_1' } },
    ]);
    await store.close();
  });

  it('keeps a committed failure without a warning', async () => {
    const warned: unknown[] = [];
    const { send, store } = shop({
      afterFailure: 'refuse',
      onEvent: (event) => void (event.type === 'warning' && warned.push(event)),
    });
    const first = await send(async (context) => {
      await context.finish(() => ({ status: 502, body: 'the bank said no' }));
      return captured(502);
    });
    expect(first).toMatchObject({ status: 502, text: 'the bank said no' });
    expect((await send(() => Promise.reject(new Error('must not run')))).text).toBe('the bank said no');
    expect(warned).toEqual([]);
    await store.close();
  });
});

describe('context.transaction', () => {
  it('is passed to the store, and its saved result to the next attempt', async () => {
    const { send, store } = shop();
    let attempts = 0;
    const handler = async (context: Context) => {
      attempts += 1;
      const id = await context.transaction('charge', (handle) => {
        handle.prepare('INSERT INTO charges VALUES (?)').run(attempts);
        return `ch_${attempts}`;
      });
      if (attempts === 1) throw new Error('after the first commit');
      await context.finish(() => ({ body: id }));
      return captured(200);
    };
    expect((await send(handler)).status).toBe(500);
    expect((await send(handler)).text).toBe('ch_1');
    expect(charges()).toEqual([{ amount: 1 }]);
    await store.close();
  });
});
