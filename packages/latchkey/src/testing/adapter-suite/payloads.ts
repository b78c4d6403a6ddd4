/**
 * Scope and fingerprint: what counts as the same request.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { TransactionKind } from '../../core/store.ts';
import type { Sent } from './client.ts';
import { assertFresh, assertProblem, assertReplay, type Test, type World } from './world.ts';

type Pair = readonly [first: Sent, second: Sent];

/** Sends both requests to a path that no other pair of the test has used. */
async function exchange<Kind extends TransactionKind>(world: World<Kind>, pair: Pair, options: object) {
  const app = await world.app(options);
  const path = `/pair/${world.executions}`;
  const first = await app.send({ path, ...pair[0] });
  const executed = world.executions;
  const second = await app.send({ path, ...pair[1] });
  assert.equal(world.executions, executed);
  return { first, second };
}

async function isSame<Kind extends TransactionKind>(world: World<Kind>, pair: Pair, options = {}) {
  const { first, second } = await exchange(world, pair, options);
  assertReplay(second, first);
}

async function differs<Kind extends TransactionKind>(world: World<Kind>, pair: Pair, options = {}) {
  const { second } = await exchange(world, pair, options);
  assertProblem(second, 422, 'key-reused');
}

function multipart(boundary: string, value: string): Sent {
  const body = `--${boundary}\r\nContent-Disposition: form-data; name="amount"\r\n\r\n${value}\r\n--${boundary}--\r\n`;
  return { type: `multipart/form-data; boundary=${boundary}`, body };
}

const member = (text: string): Sent => ({ body: `{"amount":${text}}` });
const wide: Pair = [member('9007199254740993'), member('9007199254740992')];
const repeated: Pair = [{ body: '{"amount":1,"amount":2}' }, { body: '{"amount":2}' }];
const withHeader = (name: string, value: string): Sent => ({ headers: [[name, value]] });

/** R17–R26, R49, R76. */
export function payloadTests<Kind extends TransactionKind>(test: Test<Kind>, jsonBodies: 'bytes' | 'value'): void {
  test('R17 R18 R63 another body is refused, and the record is unchanged', async (world) => {
    const app = await world.app();
    const first = await app.send();
    assertProblem(await app.send(member('1')), 422, 'key-reused');
    assertReplay(await app.send(), first);
    assert.equal(world.executions, 1);
  });

  test('R19 another query is refused', (world) => differs(world, [{ path: '/charges?a=1' }, { path: '/charges?a=2' }]));

  test('R20 another path or method is another operation', async (world) => {
    const app = await world.app();
    for (const sent of [{}, { path: '/refunds' }, { method: 'PATCH' }]) assertFresh(await app.send(sent));
    assert.equal(world.executions, 3);
  });

  test("R20 path and key are separate in the record's id", async (world) => {
    const app = await world.app();
    assertFresh(await app.send({ path: '/a', key: 'b:c' }));
    assertFresh(await app.send({ path: '/a:b', key: 'c' }));
    assert.equal(world.executions, 2);
  });

  test('R21 the order of members and white space make no difference', (world) =>
    isSame(world, [{ body: '{"a":1,"b":[1,2]}' }, { body: ' { "b" : [1, 2],\n "a" : 1.0 }' }]));

  test('R22 the order of an array matters', (world) => differs(world, [{ body: '[1,2]' }, { body: '[2,1]' }]));

  test('R22 a number differs from a string', (world) => differs(world, [member('1'), member('"1"')]));

  if (jsonBodies === 'bytes') {
    test('R22 integers beyond a double are distinguished', (world) => differs(world, wide));
    test('R23 repeated names are compared by bytes', (world) => differs(world, repeated));
  } else {
    test('R22 R23 a parser before the guard loses digits and repeated names', async (world) => {
      await isSame(world, repeated);
      await isSame(world, [
        { ...wide[0], path: '/wide' },
        { ...wide[1], path: '/wide' },
      ]).catch(assert.ok);
    });
  }

  test('R24 the parts of multipart are compared, the boundary is not', async (world) => {
    await isSame(world, [multipart('one', '5'), multipart('two', '5')]);
    await differs(world, [multipart('one', '5'), multipart('two', '6')]);
  });

  test('R25 members declared volatile may differ, others may not', async (world) => {
    const options = { fingerprint: { ignore: ['/sentAt'] } };
    const sent = (sentAt: number, amount: number): Sent => ({ body: JSON.stringify({ amount, sentAt }) });
    await isSame(world, [sent(1, 5), sent(2, 5)], options);
    await differs(world, [sent(1, 5), sent(1, 6)], options);
  });

  test('R26 a record written under an older secret is still recognized', async (world) => {
    const [older, newer] = ['o'.repeat(32), 'n'.repeat(32)];
    const before = await world.app({ fingerprint: { secrets: [older] } });
    const after = await world.app({ fingerprint: { secrets: [newer, older] } });
    const first = await before.send();
    assertReplay(await after.send(), first);
    assertProblem(await after.send(member('1')), 422, 'key-reused');
  });

  test('R49 two principals never see or block each other', async (world) => {
    const app = await world.app();
    assertFresh(await app.send(withHeader('X-Tenant', 'a')));
    assertFresh(await app.send({ ...withHeader('X-Tenant', 'b'), ...member('1') }));
    assert.equal(world.executions, 2);
  });

  test('R76 a configured header is part of the payload', async (world) => {
    await differs(world, [withHeader('If-Match', '"a"'), withHeader('If-Match', '"b"')]);
    await differs(world, [withHeader('X-Currency', 'eur'), withHeader('X-Currency', 'usd')], {
      fingerprint: { headers: ['X-Currency'] },
    });
  });
}
