import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { validate } from '@scalar/openapi-parser';
import type { MiddlewareHandler } from 'hono';
import { idempotency } from 'latchkey/hono';
import { memoryStore } from 'latchkey/memory';
import { describeHono } from 'latchkey/openapi';
import { describe, expect, it } from 'vitest';

const config = { openapi: '3.1.0', info: { title: 'Shop', version: '1.0.0' } };
const guardWith = (options: object = {}) =>
  idempotency({ store: memoryStore(), principal: () => 'tenant', log: false, ...options });

/** A route that creates something, with these middlewares of its own. */
function creating(path: string, ...middleware: MiddlewareHandler[]) {
  const content = { 'application/json': { schema: z.object({ order: z.number() }) } };
  const request = { body: { content: { 'application/json': { schema: z.object({ item: z.string() }) } } } };
  return createRoute({
    method: 'post',
    path,
    middleware,
    request,
    responses: { 201: { description: 'The order.', content } },
  });
}

/** Adds routes that answer. */
function add(app: OpenAPIHono, ...routes: ReturnType<typeof creating>[]): OpenAPIHono {
  for (const route of routes) app.openapi(route, (c) => c.json({ order: 1 }, 201));
  return app;
}

const described = (app: OpenAPIHono) => describeHono(app.getOpenAPI31Document(config), app);

/** The paths whose operation has the key, and whether a request with a key comes to a guard. */
async function guardedBy(app: OpenAPIHono) {
  const found = Object.entries(described(app).paths ?? {}).map(async ([path, item]) => {
    const headers = { 'Idempotency-Key': '"order-1"', 'Content-Type': 'application/json' };
    const request = { method: 'POST', headers, body: '{"item":"cup"}' };
    const answer = await app.request(path.replaceAll(/\{\w+\}/g, '7'), request);
    return [path, Object.hasOwn(item.post ?? {}, 'x-idempotency'), answer.headers.has('idempotency-status')] as const;
  });
  return Promise.all(found);
}

describe('describeHono on the document of @hono/zod-openapi', () => {
  it('describes a route with the guard among its middleware, and no others', async () => {
    const guard = guardWith();
    const required = guard.with({ key: { required: true } });
    const app = add(
      new OpenAPIHono(),
      creating('/orders', guard),
      creating('/payments', required),
      creating('/events'),
    );
    const document = described(app);
    expect(document.paths).toMatchObject({
      '/orders': {
        post: {
          parameters: [{ name: 'Idempotency-Key', required: false }],
          responses: { 201: { headers: { 'Idempotency-Status': {} } }, 422: {} },
        },
      },
      '/payments': { post: { parameters: [{ name: 'Idempotency-Key', required: true }] } },
    });
    app.get('/openapi.json', (c) => c.json(describeHono(app.getOpenAPI31Document(config), app)));
    expect(await (await app.request('/openapi.json')).json()).toEqual(JSON.parse(JSON.stringify(document)));
    expect(document.paths?.['/events']?.post?.parameters).toBeUndefined();
    expect(await validate(JSON.stringify(document))).toMatchObject({ valid: true });
  });

  it('describes the operations that requests reach through a guard: it is where Hono runs it', async () => {
    const app = new OpenAPIHono();
    add(app, creating('/early'));
    app.use('/shop/*', guardWith());
    app.on('POST', '/by-method', guardWith());
    app.on('PUT', '/by-other-method', guardWith());
    app.use('/users/:user/carts', guardWith());
    app.use('/rooms/:room{[0-9]+}/keys', guardWith());
    app.use('/any/*/part', guardWith());
    app.use('/last/:part?', guardWith());
    add(app, creating('/shop'), creating('/shop/{id}/items'), creating('/shopping'), creating('/by-method'));
    add(app, creating('/by-other-method'), creating('/users/{user}/carts'), creating('/users/{user}'));
    add(app, creating('/rooms/12/keys'), creating('/rooms/none/keys'), creating('/any/thing/part'));
    add(app, creating('/any/thing/else'), creating('/last'), creating('/last/one'), creating('/last/one/more'));
    app.use('/late', guardWith());
    add(app, creating('/later'));
    app.use('/later', guardWith());
    const found = await guardedBy(app);
    expect(found).toHaveLength(16);
    for (const [path, isDescribed, isGuarded] of found) expect([path, isDescribed]).toEqual([path, isGuarded]);
    expect(found.filter(([, isDescribed]) => isDescribed).map(([path]) => path)).toEqual([
      '/shop',
      '/shop/{id}/items',
      '/by-method',
      '/users/{user}/carts',
      '/rooms/12/keys',
      '/any/thing/part',
      '/last',
      '/last/one',
    ]);
  });

  it('finds guards in mounted applications, below a base path, and beside an error handler', async () => {
    const inner = add(new OpenAPIHono(), creating('/orders', guardWith()), creating('/events'));
    inner.onError((_error, c) => c.text('sorry', 500));
    const app = new OpenAPIHono().basePath('/v1');
    app.route('/shop', inner);
    app.use('/all/*', guardWith());
    add(app, creating('/all/orders'));
    expect(await guardedBy(app)).toEqual([
      ['/v1/shop/orders', true, true],
      ['/v1/shop/events', false, false],
      ['/v1/all/orders', true, true],
    ]);
  });

  it('leaves a document as it is if the application has no guard', () => {
    const app = add(new OpenAPIHono(), creating('/orders'));
    expect(described(app)).toEqual(app.getOpenAPI31Document(config));
  });
});
