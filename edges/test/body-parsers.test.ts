import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import express, { type Express, type RequestHandler } from 'express';
import { idempotency } from 'latchkey/express';
import { memoryStore } from 'latchkey/memory';
import { describe, expect, it } from 'vitest';
import { serve } from './kit/serve.ts';

// None of them has types of its own.
const load = createRequire(import.meta.url);
const express4 = load('express4') as typeof express;
const multer = load('multer') as (options?: object) => { any(): RequestHandler; none(): RequestHandler };
const fileUpload = load('express-fileupload') as () => RequestHandler;
const { formidable } = load('formidable') as {
  formidable(): { parse(request: unknown): Promise<[fields: object, files: object]> };
};

const key = '8e03978e-40d5-43dd-bc93-6894a57f9324';

const byFormidable: RequestHandler = (request, _response, next) => {
  formidable()
    .parse(request)
    .then(([fields, files]) => {
      Object.assign(request, { fields, files });
      next();
    }, next);
};

function guarded(app: Express, before: readonly RequestHandler[]) {
  const seen = { count: 0 };
  const guard = idempotency({ store: memoryStore(), principal: () => 'tenant' });
  app.post('/documents', ...before, guard, (request, response) => {
    seen.count += 1;
    request.resume();
    response.status(201).send(`stored ${seen.count}`);
  });
  return seen;
}

function upload(text: string): FormData {
  const form = new FormData();
  form.set('title', 'contract');
  form.set('document', new Blob([text]), 'contract.txt');
  return form;
}

async function post(port: number, body: FormData | Uint8Array | string, headers: Record<string, string> = {}) {
  const init = { method: 'POST', body: body as BodyInit, headers: { 'idempotency-key': key, ...headers } };
  const response = await fetch(`http://127.0.0.1:${port}/documents`, init);
  const text = await response.text();
  return { status: response.status, text, replayed: response.headers.get('idempotent-replayed') };
}

const readers: Readonly<Record<string, RequestHandler>> = {
  multer: multer({ storage: load('multer').memoryStorage() }).any(),
  'express-fileupload': fileUpload(),
  formidable: byFormidable,
};

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('%s: files read before the guard', (_version, create) => {
  it.each(Object.entries(readers))('R84 are refused as body-consumed, from %s', async (_reader, reader) => {
    const app = create();
    app.use(express4.json(), express4.urlencoded({ extended: false }));
    const seen = guarded(app, [reader]);
    await using server = await serve(app);
    for (const text of ['contract A', 'contract B']) {
      const answer = await post(server.port, upload(text));
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([500, 'body-consumed']);
    }
    expect(seen.count).toBe(0);
  });

  it('R84 are compared if the guard comes first', async () => {
    const app = create();
    const seen = guarded(app, []);
    await using server = await serve(app);
    expect((await post(server.port, upload('contract A'))).status).toBe(201);
    expect((await post(server.port, upload('contract A'))).replayed).toBe('true');
    expect((await post(server.port, upload('contract B'))).status).toBe(422);
    expect(seen.count).toBe(1);
  });

  it('R84 refuses any other body that formidable read and Express left empty', async () => {
    const app = create();
    app.use(express4.json());
    const seen = guarded(app, [byFormidable]);
    await using server = await serve(app);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await post(server.port, `note=${'x'.repeat(100)}`, form);
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([500, 'body-consumed']);
    const bytes = await post(server.port, 'four', { 'content-type': 'application/octet-stream' });
    expect([bytes.status, JSON.parse(bytes.text).code]).toEqual([500, 'body-consumed']);
    expect(seen.count).toBe(0);
  });
});

const keep = (request: object, _response: object, rawBody: Buffer) => void Object.assign(request, { rawBody });

const inflating: Readonly<Record<string, RequestHandler>> = {
  'express.json': express.json(),
  'express.json that keeps the bytes': express.json({ verify: keep }),
  'express.raw': express.raw({ type: '*/*' }),
  'express.text': express.text({ type: '*/*' }),
  'express.json of Express 4 that keeps the bytes': express4.json({ verify: keep }),
  'express.raw of Express 4': express4.raw({ type: '*/*' }),
};

describe('a compressed body that a parser decompressed before the guard', () => {
  it.each(Object.entries(inflating))(
    'equals the same body in another coding, or uncompressed: %s',
    async (_parser, parser) => {
      const app = express();
      const seen = guarded(app, [parser]);
      await using server = await serve(app);
      const json = { 'content-type': 'application/json' };
      const coded = { ...json, 'content-encoding': 'gzip' };
      const body = JSON.stringify({ amount: 1, note: 'x'.repeat(200) });
      expect((await post(server.port, gzipSync(body), coded)).status).toBe(201);
      expect((await post(server.port, gzipSync(body, { level: 0 }), coded)).replayed).toBe('true');
      expect((await post(server.port, body, json)).replayed).toBe('true');
      expect((await post(server.port, ` ${body}`, json)).replayed).toBe('true');
      expect((await post(server.port, gzipSync(body.replace('1', '2')), coded)).status).toBe(422);
      expect(seen.count).toBe(1);
    },
  );
});
