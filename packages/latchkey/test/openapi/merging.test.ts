import { describe, expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/node.ts';
import { acp, stripe } from '../../src/dialects/index.ts';
import { describeIdempotency } from '../../src/openapi/index.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { shopDocument } from './shop-document.ts';

const guardWith = (options: object = {}) =>
  idempotency({ store: memoryStore(), principal: () => 'tenant', log: false, ...options });

const conflict = '#/components/responses/Conflict';
const error = { $ref: '#/components/schemas/Error' };
const failure = { description: 'Not done.', content: { 'application/problem+json': { schema: error } } };
const components = {
  schemas: { Error: { type: 'object' } },
  responses: { Conflict: { $ref: '#/components/responses/Other' }, Other: failure },
};

/** A document with these responses, or other members of its path. */
const documentWith = (responses: object, path: object = { post: { responses } }, more: object = {}) => ({
  openapi: '3.1.0',
  paths: { '/orders': path },
  components: { ...components, ...more },
});

async function describedWith(...given: Parameters<typeof documentWith>) {
  const { paths } = await describeIdempotency(documentWith(...given), { 'POST /orders': guardWith() });
  return Reflect.get(paths['/orders'], 'post');
}

describe('responses that the document has', () => {
  it.each(['default', '4XX'])('adds an error to %s under its own status', async (range) => {
    const { responses } = await describedWith({ 201: { description: 'The order.' }, [range]: failure });
    expect(responses['422']).toMatchObject({
      description: 'Not done. Or: Idempotency-Key was used for another request',
      headers: { 'Idempotency-Status': { description: expect.stringContaining('`replayed`, `key-reused`') } },
      content: {
        'application/problem+json': { schema: { anyOf: [error, { $ref: expect.stringMatching(/Problem422$/) }] } },
      },
    });
    expect(responses[range]).toMatchObject(failure);
    expect(responses['503'].description.startsWith('Not done.')).toBe(range === 'default');
  });

  it('keeps headers whose names are written in another case', async () => {
    const headers = { 'idempotent-replayed': {}, 'retry-after': { description: 'Soon.' } };
    const { responses } = await describedWith({ 409: { ...failure, headers } });
    expect(responses['409'].headers).toEqual({ ...headers, 'Idempotency-Status': expect.anything() });
  });

  it.each([
    ['the default dialect', {}],
    ['another one', { dialect: stripe }],
    ['one that sends the key back', { dialect: acp, afterFailure: 'rerun', key: { required: true } }],
    ['onProblem', { onProblem: () => undefined }],
  ])('adds nothing more under %s if it is described again', async (_name, options) => {
    const guards = { 'POST /orders': guardWith(options) };
    const once = await describeIdempotency(shopDocument, guards);
    expect(await describeIdempotency(once, guards)).toEqual(once);
    const covered = await describeIdempotency(documentWith({ default: failure, '4XX': { description: '' } }), guards);
    expect(await describeIdempotency(covered, guards)).toEqual(covered);
  });
});

describe('references', () => {
  it('follows a response through several, and into other parts of the document', async () => {
    const { responses } = await describedWith({
      409: { $ref: conflict },
      422: { $ref: '#/paths/~1orders/post/responses/409', description: 'Changed.' },
      503: { $ref: '#/paths/~1orders/post/responses/%34%30%39' },
    });
    for (const status of ['409', '422', '503']) {
      expect(responses[status]).not.toHaveProperty('$ref');
      expect(responses[status].content['application/problem+json'].schema.anyOf[0]).toEqual(error);
    }
    expect(responses['422'].description).toMatch(/^Changed\. Or: /);
  });

  it('describes the operation of a path that is a reference, and leaves the target to other paths', async () => {
    const pathItems = { Orders: { post: { operationId: 'place', responses: {} }, get: { operationId: 'list' } } };
    const given = documentWith({}, { $ref: '#/components/pathItems/Orders' }, { pathItems });
    const described = await describeIdempotency(given, { 'POST /orders': guardWith() });
    expect(described.paths['/orders']).toMatchObject({
      post: { operationId: 'place', 'x-fern-idempotent': true },
      get: { operationId: 'list' },
    });
    expect(described.components).toMatchObject({ pathItems });
  });

  it.each([
    ['a response', documentWith({ 409: { $ref: 'common.json#/Conflict' } })],
    ['a parameter', documentWith({}, { post: { parameters: [{ $ref: 'https://shop.example/common.json#/Key' }] } })],
    ['a path', documentWith({}, { $ref: './orders.json' })],
  ])('refuses %s in another document', async (_name, document) => {
    const described = describeIdempotency(document, { 'POST /orders': guardWith() });
    await expect(described).rejects.toMatchObject({ code: 'option-invalid' });
    await expect(described).rejects.toThrow(/json\S* refers to another document\. Bundle the document first\./);
  });

  it.each([
    ['to nothing', '#/components/responses/None', {}],
    ['to a name without a path', '#Conflict', {}],
    ['to a name with a lone percent sign', '#/components/responses/100%', {}],
    ['to itself', conflict, { responses: { Conflict: { $ref: conflict } } }],
  ])('refuses one that leads %s', async (_name, $ref, more) => {
    const described = describedWith({ 409: { $ref } }, undefined, more);
    await expect(described).rejects.toMatchObject({ code: 'option-invalid' });
    await expect(described).rejects.toThrow(`The reference ${$ref} leads to no object of the document.`);
  });
});
