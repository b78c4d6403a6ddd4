import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createHttpLayer } from '../../src/http/create-layer.ts';
import type { GuardOptions, RequestOptions } from '../../src/http/options.ts';
import { decodeRequest } from '../../src/http/request/saved-request.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';
import { layerRig, type Native } from './layer-rig.ts';
import { claimsOf } from './saving-rig.ts';

const options = (more: Partial<GuardOptions<Native>>): GuardOptions<Native> => ({
  store: memoryStore(),
  principal: ({ tenant }) => tenant,
  afterFailure: 'rerun',
  ...more,
});

function savingRig(save: RequestOptions['save'], more: Partial<GuardOptions<Native>> = {}) {
  const { store, claims } = claimsOf(memoryStore());
  const rig = layerRig({ store, afterFailure: 'rerun', ...(save !== undefined && { request: { save } }), ...more });
  const saved = () => {
    const bytes = claims.at(-1)?.request;
    return bytes && decodeRequest(bytes);
  };
  return { ...rig, claims, saved };
}

const text = (body: Uint8Array | undefined) => Buffer.from(body ?? []).toString();

describe('a request', () => {
  it('is not saved by default', async () => {
    const { send, claims } = savingRig(undefined);
    await send({ key: 'k' });
    expect(claims).toHaveLength(1);
    expect(claims[0]).not.toHaveProperty('request');
  });

  it('is saved with method, target, media type and body, and neither key nor credentials', async () => {
    const { send, saved, claims } = savingRig(true);
    const headers = { authorization: 'Bearer hunter2', cookie: 'session=hunter2', 'x-trace': 'no' };
    await send({ key: 'the-key', target: '/v1/orders?dry=1#here', headers, body: '{"item":"tea"}' });
    expect(saved()).toMatchObject({
      method: 'POST',
      target: '/v1/orders?dry=1',
      principal: undefined,
      headers: [['content-type', 'application/json']],
    });
    expect(text(saved()?.body)).toBe('{"item":"tea"}');
    expect(text(claims[0]?.request)).not.toMatch(/hunter2|the-key|acct_1/);
  });

  it("is saved with the route's headers and the principal", async () => {
    const { send, saved } = savingRig({ headers: ['X-Version', 'content-type'], principal: true });
    await send({ key: 'k', headers: { 'x-version': '7' } });
    expect(saved()).toMatchObject({
      principal: 'acct_1',
      headers: [
        ['content-type', 'application/json'],
        ['x-version', '7'],
      ],
    });
  });

  it('is saved as received, with its content coding', async () => {
    const { send, saved } = savingRig(true);
    const body = gzipSync('{"item":"tea"}');
    await send({ key: 'k', body, headers: { 'content-encoding': 'gzip' } });
    expect(saved()?.headers).toContainEqual(['content-encoding', 'gzip']);
    expect(text(saved()?.body)).toBe(text(body));
  });

  it('is saved as JSON when a parser only left the value', async () => {
    const { send, saved } = savingRig(true);
    const body = { kind: 'value', value: { item: 'tea' } } as const;
    await send({ key: 'k', body, headers: { 'content-encoding': 'gzip' } });
    expect(text(saved()?.body)).toBe('{"item":"tea"}');
    expect(saved()?.headers).toEqual([['content-type', 'application/json']]);
  });
});

describe('a request that is not saved', () => {
  it('runs as usual when it is too long, with one warning for the route', async () => {
    const { send, through, layer, saved, runs, warnings, claims } = savingRig({ maxBytes: 200 });
    await send({ key: 'a', body: 'x'.repeat(100) });
    expect(saved()).toBeDefined();
    expect(warnings()).toEqual([]);
    for (const key of ['b', 'c']) expect(await send({ key, body: 'x'.repeat(200) })).toMatchObject({ status: 201 });
    expect(claims.at(-1)).not.toHaveProperty('request');
    expect([runs(), warnings()]).toEqual([3, ['request-not-saved']]);
    await through(layer.with({ key: { required: true } }))({ key: 'd', body: 'x'.repeat(200) });
    expect(warnings()).toEqual(['request-not-saved', 'request-not-saved']);
  });

  it('runs as usual when a parser left no bytes and it was not JSON', async () => {
    const { send, claims, warnings } = savingRig(true);
    const sent = { key: 'k', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect(await send({ ...sent, body: { kind: 'value', value: { a: '1' } } })).toMatchObject({ status: 201 });
    expect(claims[0]).not.toHaveProperty('request');
    expect(warnings()).toEqual(['request-not-saved']);
  });
});

describe('request.save is refused at start-up', () => {
  const invalid = (message: RegExp) =>
    expect.objectContaining({ code: 'option-invalid', message: expect.stringMatching(message) });

  it("on a route that is not 'rerun'", () => {
    expect(() => createHttpLayer(options({ afterFailure: 'refuse', request: { save: true } }))).toThrow(
      invalid(/rerun/),
    );
    const layer = createHttpLayer(options({ request: { save: true } }));
    expect(() => layer.with({ afterFailure: 'refuse' })).toThrow(invalid(/rerun/));
    expect(() => layer.with({ afterFailure: 'refuse', request: { save: false } })).not.toThrow();
  });

  it.each(['Authorization', 'cookie', 'Proxy-Authorization', 'X-API-Key', 'Idempotency-Key', 'bad name'])(
    'for the header %s',
    (name) => {
      expect(() => createHttpLayer(options({ request: { save: { headers: [name] } } }))).toThrow(
        invalid(/request\.save\.headers must be an array of header names other than api-key/),
      );
    },
  );

  it('for a principal that is a credential or anonymous', () => {
    for (const principal of ['authorization', 'anonymous'] as const) {
      const save = { principal: true };
      expect(() => createHttpLayer(options({ principal, request: { save } }))).toThrow(invalid(/principal function/));
    }
  });

  it('for an option that does not apply', () => {
    const unknown: object = { request: { save: { maxbytes: 5 } } };
    expect(() => createHttpLayer(options(unknown))).toThrow(
      expect.objectContaining({ code: 'option-unknown', message: expect.stringMatching(/"request.save.maxBytes"/) }),
    );
    const wrong: object = { request: { save: 'yes' } };
    expect(() => createHttpLayer(options(wrong))).toThrow(
      invalid(/request.save must be true or false, or an object with maxBytes/),
    );
    expect(() => createHttpLayer(options({ request: { save: { maxBytes: -1 } } }))).toThrow(invalid(/maxBytes/));
  });
});
