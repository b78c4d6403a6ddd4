import { describe, expect, it } from 'vitest';
import { captured, layerRig } from './layer-rig.ts';

describe('a key on a guarded route', () => {
  it('R1, R2, R3: runs once, and is answered from the record from then on', async () => {
    const { send, runs } = layerRig();
    const first = await send({ key: 'k' });
    expect([first.status, first.text, first.header('idempotent-replayed')]).toEqual([201, 'run 1', undefined]);
    for (let retry = 0; retry < 3; retry += 1) {
      const replayed = await send({ key: 'k' });
      expect([replayed.status, replayed.text, replayed.header('idempotent-replayed')]).toEqual([201, 'run 1', 'true']);
      expect(replayed.header('content-length')).toBe('5');
    }
    expect(runs()).toBe(1);
  });

  it('R4: two keys are two operations', async () => {
    const { send } = layerRig();
    expect((await send({ key: 'a' })).text).toBe('run 1');
    expect((await send({ key: 'b' })).text).toBe('run 2');
  });

  it('R5: a missing one is refused if it is required', async () => {
    const { send, runs } = layerRig({ key: { required: true } });
    expect(await send({})).toMatchObject({ status: 400, code: 'key-missing' });
    expect(runs()).toBe(0);
  });

  it('R6: a missing one lets the request through, and stores nothing', async () => {
    const { send, runs, faults } = layerRig();
    await send({});
    await send({});
    expect(runs()).toBe(2);
    expect(faults.calls.size).toBe(0);
  });

  it.each(['x-idempotency-key', 'idempotency_key'])('warns once of a key that is called %s', async (name) => {
    const { send, runs, warnings } = layerRig();
    await send({ headers: { [name]: 'k' } });
    await send({ headers: { [name]: 'k' } });
    expect([runs(), warnings()]).toEqual([2, ['key-misnamed']]);
  });

  it('describes the format of a key, and does not call a comma non-ASCII', async () => {
    const { send } = layerRig();
    const answer = await send({ key: 'a,b' });
    expect(answer).toMatchObject({ status: 400, code: 'key-invalid' });
    expect(answer.text).toContain('without spaces, commas, semicolons and quotation marks');
  });

  it('R7, R8: quoted and bare name the same operation', async () => {
    const { send, runs } = layerRig();
    await send({ key: '"k"' });
    expect((await send({ key: 'k' })).text).toBe('run 1');
    expect(runs()).toBe(1);
  });

  it('R9: strict only accepts the quoted form', async () => {
    const { send, runs } = layerRig({ key: { format: 'strict' } });
    expect(await send({ key: 'k' })).toMatchObject({ status: 400, code: 'key-invalid' });
    expect(runs()).toBe(0);
    expect((await send({ key: '"k"' })).status).toBe(201);
  });

  it.each([
    ['R10: an open quote', '"k'],
    ['R10: a control character', 'a\u0001'],
    ['R10: a non-ASCII character', 'clé'],
    ['R10: a parameter', '"k";a=1'],
    ['R11: empty', ''],
    ['R11: an empty string', '""'],
    ['R11: blank', '"  "'],
    ['R12: 256 characters', 'k'.repeat(256)],
    ['R13: sent twice', ['k', 'k']],
    ['R13: comma-joined', 'k, k'],
  ] as const)('%s is refused before any look-up, and nothing runs', async (_name, key) => {
    const { send, runs, faults } = layerRig();
    const refusal = await send({ key });
    expect(refusal).toMatchObject({ status: 400, code: 'key-invalid' });
    expect(refusal.header('cache-control')).toBe('no-store');
    expect([runs(), faults.calls.size]).toEqual([0, 0]);
  });

  it('R12: 255 characters are accepted', async () => {
    const { send } = layerRig();
    expect((await send({ key: 'k'.repeat(255) })).status).toBe(201);
  });

  it('R15: keys are case-sensitive', async () => {
    const { send, runs } = layerRig();
    await send({ key: 'key' });
    await send({ key: 'KEY' });
    expect(runs()).toBe(2);
  });

  it("R16: stores' metacharacters make no two keys or scopes collide", async () => {
    const { send, runs } = layerRig();
    const keys = [':', '*', '{}', '{a}', '%', '%25', '"\\""', '\\', "'", '::', 'a:b', '?', '[a]', '../k', '$1', '--'];
    for (const key of keys) await send({ key });
    expect(runs()).toBe(keys.length);
    await send({ target: '/a', key: 'b:c' });
    await send({ target: '/a:b', key: 'c' });
    await send({ target: '/a:b:c', key: 'POST' });
    expect(runs()).toBe(keys.length + 3);
  });
});

describe('methods', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('R58, R59: a key on %s is ignored', async (method) => {
    const { send, runs } = layerRig();
    await send({ method, key: 'k' });
    await send({ method, key: 'k' }, () => captured(200, 'fresh'));
    expect(runs()).toBe(2);
  });

  it('R59: PUT and DELETE can be opted in', async () => {
    const { send, runs } = layerRig({ methods: ['POST', 'PUT', 'DELETE'] });
    for (const method of ['PUT', 'DELETE', 'PUT', 'DELETE']) await send({ method, key: 'k' });
    expect(runs()).toBe(2);
    await send({ method: 'PATCH', key: 'k' });
    await send({ method: 'PATCH', key: 'k' });
    expect(runs()).toBe(4);
  });

  it('a route with its own settings uses the same records', async () => {
    const { send, through, layer, runs } = layerRig();
    const strict = through(layer.with({ key: { format: 'strict', required: true } }));
    await send({ key: 'k' });
    expect((await strict({ key: '"k"' })).header('idempotent-replayed')).toBe('true');
    expect(await strict({ key: 'k' })).toMatchObject({ code: 'key-invalid' });
    expect(await strict({})).toMatchObject({ code: 'key-missing' });
    expect(runs()).toBe(1);
  });
});
