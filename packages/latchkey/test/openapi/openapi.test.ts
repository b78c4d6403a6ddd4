import { describe, expect, it } from 'vitest';
import { idempotency as fetchIdempotency } from '../../src/adapters/fetch.ts';
import { idempotency } from '../../src/adapters/node.ts';
import { type ErrorCode, LatchkeyError } from '../../src/core/errors.ts';
import { acp, stripe } from '../../src/dialects/index.ts';
import type { Problem } from '../../src/http/problems/problems.ts';
import { describeIdempotency } from '../../src/openapi/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { shopDocument } from './shop-document.ts';

const guardWith = (options: object = {}) =>
  idempotency({ store: memoryStore(), principal: () => 'tenant', log: false, ...options });

/** The answer to an order of a guard with these options. */
function answerOf(options: object): Promise<Response> {
  const guard = fetchIdempotency({ store: memoryStore(), principal: () => 'tenant', log: false, ...options });
  const request = { method: 'POST', headers: { 'Idempotency-Key': '"order-1"' }, body: '{}' };
  return guard(() => new Response('placed'))(new Request('https://shop.example/orders', request));
}

/** The description of the order's operation under a guard with these options. */
async function orderUnder(options: object = {}) {
  const document = await describeIdempotency(shopDocument, { 'POST /orders': guardWith(options) });
  const paths: Record<string, object> = document.paths;
  return { document, operation: Reflect.get(paths['/orders'] ?? {}, 'post') };
}

describe('describeIdempotency', () => {
  it('R70: adds the parameter, the errors, the marks and the retention, and keeps what the document says', async () => {
    const { document, operation } = await orderUnder();
    expect(operation.operationId).toBe('placeOrder');
    expect(operation.parameters.map(({ name }: { name: string }) => name)).toEqual(['dryRun', 'Idempotency-Key']);
    expect(operation.parameters[1]).toMatchObject({ in: 'header', required: false });
    expect(operation.parameters[1].description).toContain('The answer is kept for 1 day.');
    expect(Object.keys(operation.responses)).toEqual(
      expect.arrayContaining(['201', '400', '409', '410', '413', '422', '503']),
    );
    expect(operation.responses['201']).toMatchObject({
      description: 'The order.',
      headers: {
        Location: {},
        'Idempotent-Replayed': { schema: { enum: ['true'] } },
        'Idempotency-Status': { description: 'What the answer is: `executed`, `replayed`.' },
      },
    });
    const { 'application/problem+json': problem } = operation.responses['409'].content;
    expect(problem.schema).toEqual({ $ref: '#/components/schemas/IdempotencyProblem409' });
    expect(problem.examples['in-progress'].value).toMatchObject({ status: 409, code: 'in-progress' });
    expect(operation.responses['409'].headers).toMatchObject({
      'Idempotency-Status': {
        description: 'What the answer is: `in-progress;final=?0`, `outcome-unknown;final=?0`.',
      },
      'Retry-After': { description: expect.stringMatching(/is sent again, with in-progress\.$/) },
    });
    expect(operation.responses['410'].headers).not.toHaveProperty('Retry-After');
    expect(operation['x-idempotency']).toMatchObject({ retention: { answer: 'P1D' }, afterFailure: 'refuse' });
    expect(operation).toMatchObject({ 'x-fern-idempotent': true, 'x-speakeasy-retries': { strategy: 'backoff' } });
    expect(document).toMatchObject({ 'x-fern-idempotency-headers': [{ header: 'Idempotency-Key' }] });
    expect(document.components).toMatchObject({ schemas: { Order: {}, IdempotencyProblem409: { type: 'object' } } });
  });

  it('merges an error with a response that the document has, by reference too', async () => {
    const { document, operation } = await orderUnder({ dialect: stripe });
    expect(Reflect.get(document.components.schemas, 'IdempotencyProblem409')).toMatchObject({
      properties: { error: { properties: { latchkey_code: { enum: ['in-progress', 'outcome-unknown'] } } } },
    });
    const bad = operation.responses['400'];
    expect(bad.description).toMatch(/^The order is not valid\. Or: /);
    const status = bad.headers['Idempotency-Status'].description;
    expect(status).toMatch(/^What the answer is: `executed`, `replayed`, `key-invalid`, /);
    expect(bad.content['application/json'].schema.anyOf).toEqual([
      { $ref: '#/components/schemas/Order' },
      { $ref: expect.stringMatching(/IdempotencyProblem400$/) },
    ]);
    expect(bad.content['application/json'].examples).toMatchObject({ example: { value: { item: '' } } });
  });

  it('changes with the options of the guard', async () => {
    const options = {
      dialect: acp,
      afterFailure: 'rerun',
      key: { required: true, format: 'strict' },
      timing: { retentionMs: 90_000_000 },
    };
    const { operation } = await orderUnder(options);
    expect(operation.parameters[1]).toMatchObject({ required: true });
    expect(operation.parameters[1].description).toMatch(/A quoted string \(RFC 9651\), of at most 255.*1 day 1 hour\./);
    expect(operation.responses['201'].headers).toHaveProperty('Idempotency-Key');
    const examples = operation.responses['400'].content['application/json'].examples;
    expect(examples['key-missing'].value).toMatchObject({ code: 'idempotency_key_required' });
    expect(operation['x-speakeasy-retries'].statusCodes).toContain('5XX');
  });

  it.each(['record-unreadable', 'encryption-key-missing', 'schema-missing', 'shutting-down'] as const)(
    'describes the error that a client gets after %s in the store',
    async (fault: ErrorCode) => {
      const claim = () => Promise.reject(new LatchkeyError(fault, 'The store is not in order.'));
      const answer = await answerOf({ store: Object.assign(memoryStore(), { claim }) });
      const { operation } = await orderUnder();
      const { code } = await answer.json();
      const { examples } = operation.responses[answer.status].content['application/problem+json'];
      expect(examples[code].value).toMatchObject({ code, status: answer.status });
    },
  );

  it('leaves the codes open where those of a guard that is set up wrongly may come too', async () => {
    const { document } = await orderUnder();
    const schemaOf = (status: number) => Reflect.get(document.components.schemas, `IdempotencyProblem${status}`);
    const wrong = await answerOf({ principal: () => '' });
    expect(await wrong.json()).toMatchObject({ code: 'guard-before-authentication' });
    expect(schemaOf(wrong.status)).toMatchObject({ properties: { code: { type: 'string' } } });
    expect(schemaOf(wrong.status)).not.toHaveProperty('properties.code.enum');
    expect(schemaOf(503)).toHaveProperty('properties.code.enum');
  });

  it('has schemas that fit what a dialect sends: null, fractions, empty lists and mixed types', async () => {
    const body = (code: string) => ({
      ...{ code, cause: null, wait: 0.5, hints: [], status: 1 },
      mixed: code === 'store-unavailable' ? 'text' : 1,
    });
    const shape = ({ status, code }: Problem) => ({
      status,
      headers: [['Content-Type', 'application/json']],
      body: Buffer.from(JSON.stringify(body(code))),
    });
    const { document } = await orderUnder({ dialect: { name: 'house', shape } });
    expect(Reflect.get(document.components.schemas, 'IdempotencyProblem503')).toMatchObject({
      properties: {
        cause: {},
        wait: { type: 'number' },
        hints: { type: 'array', items: {} },
        status: { type: 'integer' },
        mixed: {},
      },
    });
    expect(JSON.stringify(document)).not.toContain('"type":"undefined"');
    expect(document).not.toHaveProperty('components.schemas.IdempotencyProblem503.properties.cause.type');
    expect(document).not.toHaveProperty('components.schemas.IdempotencyProblem503.properties.mixed.type');
  });

  it('leaves the operations of a guard that is switched off, and a document without guards, as they are', async () => {
    const guards = { 'POST /orders': guardWith({ methods: [] }) };
    expect(await describeIdempotency(shopDocument, guards)).toEqual(shopDocument);
    const webhooks = { openapi: '3.1.0', webhooks: {} };
    expect(await describeIdempotency(webhooks, {})).toEqual(webhooks);
  });

  it('names the codes without statuses if onProblem decides the form of errors', async () => {
    const { operation } = await orderUnder({ onProblem: () => undefined });
    expect(operation.responses['default'].description).toContain('Idempotency-Key is not valid');
    expect(operation.responses['409']).toBeUndefined();
  });

  it('replaces a parameter for the key that the document has', async () => {
    const document = await describeIdempotency(shopDocument, { 'PUT /orders/{id}': guardWith({ methods: ['PUT'] }) });
    const put: object = document.paths['/orders/{id}'].put;
    expect(put).toMatchObject({ parameters: [{ name: 'Idempotency-Key', in: 'header' }] });
  });

  it('replaces a parameter for the key that all operations of a path share, and leaves it to the others', async () => {
    const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
    const shared = { name: 'idempotency-key', in: 'header', schema: { type: 'string' } };
    const own = { ...shared, description: 'For one operation.' };
    const responses = { 200: { description: 'Done.' } };
    const path = { parameters: [id, shared], put: { responses }, post: { responses }, get: { parameters: [own] } };
    const { paths } = await describeIdempotency(
      { openapi: '3.1.0', paths: { '/orders/{id}': path } },
      { 'POST /orders/{id}': guardWith() },
    );
    expect(paths['/orders/{id}']).toMatchObject({
      parameters: [id],
      post: { parameters: [{ name: 'Idempotency-Key' }] },
      put: { parameters: [shared] },
      get: { parameters: [own] },
    });
    expect(path.parameters).toEqual([id, shared]);
  });

  it('describes each operation by its own guard, and leaves the given document and other operations unchanged', async () => {
    const before = structuredClone(shopDocument);
    const document = await describeIdempotency(shopDocument, {
      'POST /orders': guardWith(),
      'PUT /orders/{id}': guardWith({ methods: ['PUT'], dialect: stripe }),
    });
    expect(shopDocument).toEqual(before);
    expect(Reflect.get(document.paths['/orders'], 'get')).toEqual(before.paths['/orders'].get);
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['IdempotencyProblem409', 'IdempotencyProblem409_2']),
    );
  });

  it('takes a method in lower case, and keeps extensions among the responses', async () => {
    const { post } = shopDocument.paths['/orders'];
    const responses = { ...post.responses, 'x-internal': 'yes' };
    const extended = { ...shopDocument, paths: { '/orders': { post: { ...post, responses } } } };
    const document = await describeIdempotency(extended, { 'post /orders': guardWith() });
    expect(document.paths['/orders'].post).toMatchObject({
      'x-fern-idempotent': true,
      responses: { 'x-internal': 'yes' },
    });
  });

  it('refuses an operation that is not in the document, and one that its guard does not protect', async () => {
    const guard = guardWith();
    const misnamed = describeIdempotency(shopDocument, { 'POST /order': guard });
    await expect(misnamed).rejects.toMatchObject({ code: 'option-invalid' });
    await expect(misnamed).rejects.toThrow('the document has no operation POST /order. Its paths are /orders, ');
    await expect(describeIdempotency(shopDocument, { 'PUT /orders/{id}': guard })).rejects.toThrow(
      'the guard of PUT /orders/{id} does not protect PUT.',
    );
  });
});
