/**
 * The key header: how keys are read, and which are refused.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { TransactionKind } from '../../core/store.ts';
import type { Header } from '../../http/exchange.ts';
import { sendRaw } from './client.ts';
import { assertFresh, assertProblem, assertReplay, firstKey, otherKey, type Test, type World } from './world.ts';

const header = (value: string): readonly Header[] => [['Idempotency-Key', value]];

const garbled = ['"abc', 'a"bc', '"abc";a=1', '"abc" x', '"ab\\c"', '"\u00e9t\u00e9"', 'caf\u00e9', 'a b'];

async function refusesKey<Kind extends TransactionKind>(world: World<Kind>, lines: readonly (readonly Header[])[]) {
  const app = await world.app();
  for (const headers of lines) {
    const refused = await app.send({ key: undefined, headers });
    assertProblem(refused, 400, 'key-invalid');
  }
  assert.equal(world.executions, 0);
}

/** R1–R16. */
export function keyTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('R1 a new key runs once, without a replay marker', async (world) => {
    const app = await world.app();
    assertFresh(await app.send());
    assert.equal(world.executions, 1);
  });

  test('R2 R3 R64 a repeated request gets the same status and bytes, marked and not cacheable', async (world) => {
    const app = await world.app();
    const first = await app.send();
    const second = await app.send();
    assertReplay(second, first);
    assert.equal(second.header('cache-control'), 'no-store');
    assert.equal(world.executions, 1);
  });

  test("R64 the application's own Cache-Control is replayed", async (world) => {
    const app = await world.app({ handler: () => ({ headers: [['Cache-Control', 'private, max-age=60']] }) });
    assert.equal((await app.send()).header('cache-control'), 'private, max-age=60');
    assert.equal((await app.send()).header('cache-control'), 'private, max-age=60');
  });

  test('R4 two keys with the same payload are two operations', async (world) => {
    const app = await world.app();
    assertFresh(await app.send());
    assertFresh(await app.send({ key: otherKey }));
    assert.equal(world.executions, 2);
  });

  test('R5 R63 a missing key is refused if one is required', async (world) => {
    const app = await world.app({ key: { required: true } });
    assertProblem(await app.send({ key: undefined }), 400, 'key-missing');
    assert.equal(world.executions, 0);
  });

  test('R6 without a key every request runs, and nothing is stored', async (world) => {
    const app = await world.app({
      handler: ({ context }) => ({ body: String(context === undefined) }),
    });
    assert.equal((await app.send({ key: undefined })).body.toString(), 'true');
    assertFresh(await app.send({ key: undefined }), 200);
    assert.equal(world.executions, 2);
    assert.equal(await world.count('completed'), 0);
  });

  test('R7 R8 the quoted and the bare form name the same key', async (world) => {
    const app = await world.app();
    const first = await app.send({ key: undefined, headers: header(`"${firstKey}"`) });
    assertFresh(first);
    assertReplay(await app.send({ key: undefined, headers: header(firstKey) }), first);
    assertReplay(await app.send({ key: undefined, headers: header(`  "${firstKey}" `) }), first);
  });

  test('R9 strict only accepts the quoted form', async (world) => {
    const app = await world.app({ key: { format: 'strict' } });
    assertProblem(await app.send({ key: undefined, headers: header(firstKey) }), 400, 'key-invalid');
    assert.equal(world.executions, 0);
    assertFresh(await app.send());
  });

  test('R10 a malformed key is refused and never runs unprotected', (world) => refusesKey(world, garbled.map(header)));

  test('R10 a control character is refused', async (world) => {
    const app = await world.app();
    const head = `POST /charges HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: "a\u0001b"\r\n`;
    assert.equal(await sendRaw(app.origin, `${head}Content-Length: 0\r\n\r\n`), 400);
    assert.equal(world.executions, 0);
  });

  test('R11 an empty key is refused', (world) => refusesKey(world, [header('""'), header('" "'), header('')]));

  test('R12 255 characters are accepted, 256 are not', async (world) => {
    const app = await world.app();
    assertFresh(await app.send({ key: 'k'.repeat(255) }));
    assertProblem(await app.send({ key: 'k'.repeat(256) }), 400, 'key-invalid');
    assert.equal(world.executions, 1);
  });

  test('R13 a repeated or comma-joined header is refused', (world) =>
    refusesKey(world, [
      [...header('"a"'), ...header('"b"')],
      [...header('"a"'), ...header('"a"')],
      header('"a", "b"'),
      header('a,b'),
    ]));

  test('R14 the header name is case-insensitive', async (world) => {
    const app = await world.app();
    const first = await app.send({ key: undefined, headers: [['IDEMPOTENCY-KEY', firstKey]] });
    assertReplay(await app.send({ key: undefined, headers: [['idempotency-key', firstKey]] }), first);
  });

  test('R15 the key is case-sensitive', async (world) => {
    const app = await world.app();
    await app.send({ key: firstKey });
    assertFresh(await app.send({ key: firstKey.toUpperCase() }));
    assert.equal(world.executions, 2);
  });

  test('R16 no character of a key is special to the store', async (world) => {
    const keys = ['a:b', 'a', 'a*', '*', '{a}', 'a%', "a'b", 'a"b', 'a\\b', '__proto__', 'a;b', '$1', '../a'];
    const app = await world.app();
    for (const key of keys) assertFresh(await app.send({ key, path: `/charges/${keys.indexOf(key)}` }));
    for (const key of keys) assertFresh(await app.send({ key }));
    assert.equal(world.executions, 2 * keys.length);
    for (const key of keys) assert.equal((await app.send({ key })).header('idempotent-replayed'), 'true');
    assert.equal(world.executions, 2 * keys.length);
  });
}
