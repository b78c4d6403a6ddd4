import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { validate } from '@scalar/openapi-parser';
import Fastify, { type FastifyInstance } from 'fastify';
import { idempotency } from 'latchkey/fastify';
import { memoryStore } from 'latchkey/memory';
import { describeFastify, describeIdempotency, type FastifyRoutes } from 'latchkey/openapi';
import { describe, expect, it, onTestFinished } from 'vitest';

const info = { title: 'Shop', version: '1.0.0' };
const answer = { response: { 201: { type: 'object', properties: { order: { type: 'number' } } } } };
const handler = async () => ({ order: 1 });

/** An application with the plugin, whose document is described with its guard. */
async function documented(
  declare: (app: FastifyInstance) => void,
  options: Pick<FastifyDynamicSwaggerOptions, 'openapi' | 'stripBasePath'> = { openapi: { openapi: '3.1.0', info } },
  early: (app: FastifyInstance) => void = () => undefined,
) {
  const app = Fastify();
  onTestFinished(() => app.close());
  const guard = idempotency({ store: memoryStore(), principal: () => 'tenant', log: false });
  await app.register(swagger, {
    ...options,
    transformObject: describeFastify(guard),
  });
  early(app);
  await app.register(guard);
  declare(app);
  await app.ready();
  return { document: app.swagger(), yaml: app.swagger({ yaml: true }), guard };
}

/** The operations with the header of the key, and whether it is required. */
function guardedIn({ paths = {} }: { paths?: object }): Record<string, boolean> {
  const found: Record<string, boolean> = {};
  for (const [path, item] of Object.entries(paths))
    for (const [method, { parameters = [] }] of Object.entries<{
      parameters?: readonly { name: string; required: boolean }[];
    }>(item))
      for (const { name, required } of parameters)
        if (name === 'Idempotency-Key') found[`${method.toUpperCase()} ${path}`] = required;
  return found;
}

describe('describeFastify as transformObject of @fastify/swagger', () => {
  it('describes the guarded routes with the options in their config, and no others', async () => {
    const { document, yaml } = await documented((app) => {
      app.post('/orders', { schema: answer }, handler);
      app.post('/payments', { schema: answer, config: { idempotency: { key: { required: true } } } }, handler);
      app.put('/orders/:id', { config: { idempotency: { methods: ['PUT'] } } }, handler);
      app.post('/events', { config: { idempotency: false } }, handler);
      app.post('/inside', { schema: { hide: true } }, handler);
      app.get('/orders', handler);
      app.route({ method: ['GET', 'POST'], url: '/carts', handler });
    });
    expect(guardedIn(document)).toEqual({
      'POST /orders': false,
      'POST /payments': true,
      'PUT /orders/{id}': false,
      'POST /carts': false,
    });
    expect(document).toMatchObject({
      paths: {
        '/orders': {
          post: {
            'x-idempotency': { retention: { answer: 'P1D' } },
            'x-fern-idempotent': true,
            responses: {
              201: { headers: { 'Idempotency-Status': {} }, content: { 'application/json': {} } },
              422: { content: { 'application/problem+json': {} } },
            },
          },
        },
      },
    });
    expect(yaml).toContain('name: Idempotency-Key');
    expect(await validate(JSON.stringify(document))).toMatchObject({ valid: true });
  });

  it('finds routes with a prefix, a pattern or a wildcard, and those below the path of a server', async () => {
    const servers = [{ url: 'https://shop.example/v1' }];
    const { document } = await documented(
      (app) => {
        app.register(
          (child, _options, done) => {
            child.post('/orders/:id(^\\d{1,(?:3)}$)/refunds', handler);
            child.post('/a::b', handler);
            done();
          },
          { prefix: '/v1' },
        );
        app.post('/files/*', handler);
      },
      { openapi: { openapi: '3.1.0', info, servers } },
    );
    expect(Object.keys(guardedIn(document)).sort()).toEqual([
      'POST /a:b',
      'POST /files/{*}',
      'POST /orders/{id}/refunds',
    ]);
  });

  it('finds a route with the path of its prefix', async () => {
    const { document } = await documented((app) => {
      app.register(
        (child, _options, done) => {
          child.post('/', handler);
          done();
        },
        { prefix: '/orders' },
      );
    });
    expect(Object.keys(document.paths ?? {})).toEqual(['/orders/']);
    expect(guardedIn(document)).toEqual({ 'POST /orders/': false });
  });

  it('finds routes whose paths keep that of a server', async () => {
    const openapi = { openapi: '3.1.0', info, servers: [{ url: 'https://shop.example/v1' }] };
    const declare = (app: FastifyInstance) => {
      app.post('/v1/orders', handler);
      app.post('/orders', { config: { idempotency: false } }, handler);
    };
    const { document } = await documented(declare, { openapi, stripBasePath: false });
    expect(guardedIn(document)).toEqual({ 'POST /v1/orders': false });
  });

  it('finds routes below a server whose URL has variables', async () => {
    const variables = { shop: { default: 'one' }, base: { default: 'v1' } };
    const openapi = { openapi: '3.1.0', info, servers: [{ url: 'https://{shop}.example/{base}', variables }] };
    const { document } = await documented((app) => app.post('/v1/orders', handler), { openapi });
    expect(guardedIn(document)).toEqual({ 'POST /orders': false });
  });

  it('is valid in the version 3.0 of OpenAPI, which the plugin writes unless another is set', async () => {
    const { document } = await documented((app) => app.post('/orders', { schema: answer }, handler), {
      openapi: { info },
    });
    expect(document).toMatchObject({ openapi: '3.0.3' });
    expect(guardedIn(document)).toEqual({ 'POST /orders': false });
    expect(await validate(JSON.stringify(document))).toMatchObject({ valid: true });
  });

  it('leaves a route from before the guard to describeIdempotency', async () => {
    const { document, guard } = await documented(
      () => undefined,
      { openapi: { openapi: '3.1.0', info } },
      (app) => app.post('/orders', handler),
    );
    expect(guardedIn(document)).toEqual({});
    expect(guardedIn(await describeIdempotency(document, { 'POST /orders': guard }))).toEqual({
      'POST /orders': false,
    });
  });

  it('refuses something else than the guard, and a document of version 2', async () => {
    expect(() => describeFastify({} as FastifyRoutes)).toThrow('pass the guard of latchkey/fastify');
    const old = documented((app) => app.post('/orders', handler), {});
    await expect(old).rejects.toThrow('set the option openapi of @fastify/swagger, for a document of OpenAPI 3');
  });
});
