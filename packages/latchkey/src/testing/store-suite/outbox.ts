/**
 * Messages: committed with the transaction, leased to one dispatcher, and removed after delivery.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { messageId, type NewMessage, type Outbox, type TakenMessage } from '../../core/outbox.ts';
import type { Transacted, TransactionKind } from '../../core/store.ts';
import { type Bench, bytes, recordName, type Test, textOf } from './fixture.ts';
import { callTransaction } from './transactions.ts';

const operationId = 'operation-of-a';

/** Tests of `outbox`. */
export function outboxTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a message exists with all its members once its transaction is committed', async (bench) => {
    await enqueue(bench, ['receipt'], 'to: ada\0');
    const [taken] = await take(bench);
    assert.ok(taken);
    const { id, attempts, name, operation } = taken;
    assert.deepEqual([id, attempts, name], [messageId(operationId, 'receipt'), 1, 'receipt']);
    assert.deepEqual(
      [operation, taken.operationId, textOf(taken.payload)],
      ['POST /charges', operationId, 'to: ada\0'],
    );
  });

  test('a transaction that is rolled back leaves no message', async (bench) => {
    const fault = new RangeError('the card was declined');
    await assert.rejects(enqueue(bench, ['receipt'], 'x', fault), (error) => error === fault);
    assert.deepEqual(await take(bench), []);
    assert.deepEqual(await listed(bench, 'waiting'), []);
  });

  test('the same name in the same operation is the same message, and its first payload stays', async (bench) => {
    assert.deepEqual(await enqueue(bench, ['a', 'a', 'b'], 'first'), [true, false, true]);
    assert.deepEqual(await enqueue(bench, ['a'], 'second'), [false]);
    const taken = await take(bench);
    assert.deepEqual(taken.map(({ name, payload }) => [name, textOf(payload)]).sort(), [
      ['a', 'first'],
      ['b', 'first'],
    ]);
  });

  test('names may be any text and payloads any bytes', async (bench) => {
    const names = ["it's", 'ключ', 'a\tb', '', 'A', 'a', 'a '];
    await enqueue(bench, names, '');
    const taken = await take(bench);
    assert.deepEqual(taken.map(({ name }) => name).sort(), [...names].sort());
    for (const { payload } of taken) assert.equal(payload.byteLength, 0);
  });

  leaseTests(test);
  deathTests(test);
}

function leaseTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a message is leased to one caller, and to another when the lease has ended', async (bench) => {
    await enqueue(bench, ['receipt']);
    const [first] = await take(bench);
    assert.deepEqual(await take(bench), []);
    await bench.advance(bench.leaseMs);
    const [second] = await take(bench);
    assert.ok(first && second);
    assert.deepEqual([second.id, second.attempts], [first.id, 2]);
    for (const settled of [
      await outboxOf(bench).delivered(first.id, first.token),
      await outboxOf(bench).postpone(first.id, first.token, 0),
      await outboxOf(bench).bury(first.id, first.token),
    ])
      assert.equal(settled, false);
    assert.equal(await outboxOf(bench).delivered(second.id, second.token), true);
    assert.equal(await outboxOf(bench).delivered(second.id, second.token), false);
    await bench.advance(bench.leaseMs);
    assert.deepEqual(await take(bench), []);
  });

  test('concurrent callers of take get different messages', async (bench) => {
    const names = Array.from({ length: 20 }, (_, index) => `message-${index}`);
    await enqueue(bench, names);
    const shares = await Promise.all(Array.from({ length: 8 }, () => take(bench, 4)));
    const taken = shares.flat();
    for (let more = await take(bench, 4); more.length > 0; more = await take(bench, 4)) taken.push(...more);
    for (const share of shares) assert.ok(share.length <= 4);
    assert.deepEqual(taken.map(({ name }) => name).sort(), [...names].sort());
  });

  test('a postponed message is taken when it is due', async (bench) => {
    await enqueue(bench, ['receipt']);
    const [first] = await take(bench);
    assert.ok(first);
    assert.equal(await outboxOf(bench).postpone(first.id, first.token, bench.leaseMs), true);
    assert.equal(await outboxOf(bench).delivered(first.id, first.token), false);
    assert.deepEqual(await take(bench), []);
    await bench.advance(bench.leaseMs);
    assert.equal((await take(bench))[0]?.attempts, 2);
  });
}

function deathTests<Kind extends TransactionKind>(test: Test<Kind>): void {
  test('a buried message is listed, and only taken after it was made due again', async (bench) => {
    await enqueue(bench, ['dead', 'alive']);
    for (const { id, token, name } of await take(bench))
      if (name === 'dead') assert.equal(await outboxOf(bench).bury(id, token), true);
    const id = messageId(operationId, 'dead');
    const [dead] = (await outboxOf(bench).list({ state: 'dead', limit: 10 })).messages;
    assert.deepEqual([dead?.id, dead?.attempts, dead?.dueAtMs], [id, 1, undefined]);
    assert.deepEqual(await listed(bench, 'waiting'), ['alive']);
    await bench.advance(bench.leaseMs);
    assert.deepEqual(names(await take(bench)), ['alive']);
    assert.equal(await outboxOf(bench).retry(id), true);
    assert.equal(await outboxOf(bench).retry(id), false);
    const [again] = await take(bench);
    assert.deepEqual([again?.name, again?.attempts], ['dead', 1]);
    assert.deepEqual(await listed(bench, 'dead'), []);
  });

  test('a message is dead, and take reports it, after the lease of its last delivery has ended', async (bench) => {
    await enqueue(bench, ['receipt']);
    for (const attempts of [1, 2]) {
      assert.equal((await take(bench, 10, 2))[0]?.attempts, attempts);
      await bench.advance(bench.leaseMs);
    }
    const request = { limit: 10, leaseMs: bench.leaseMs, maxAttempts: 2 };
    const taken = await Promise.all([1, 2, 3].map(() => outboxOf(bench).take(request)));
    assert.deepEqual(
      taken.flatMap(({ messages }) => messages),
      [],
    );
    const dead = taken.flatMap((each) => each.dead).map(({ name, attempts, dueAtMs }) => [name, attempts, dueAtMs]);
    assert.deepEqual(dead, [['receipt', 2, undefined]]);
    assert.deepEqual(await listed(bench, 'dead'), ['receipt']);
    assert.equal(await outboxOf(bench).retry(messageId(operationId, 'receipt')), true);
    assert.deepEqual(names(await take(bench, 10, 2)), ['receipt']);
  });

  test('a list pages through the messages of one state', async (bench) => {
    const all = Array.from({ length: 5 }, (_, index) => `message-${index}`);
    await enqueue(bench, all);
    assert.deepEqual((await listed(bench, 'waiting', 2)).sort(), all);
    await assert.rejects(outboxOf(bench).list({ state: 'dead', limit: 0 }), { code: 'option-invalid' });
    await assert.rejects(outboxOf(bench).list({ state: 'dead', limit: 1, cursor: '?' }), { code: 'option-invalid' });
  });
}

function outboxOf<Kind extends TransactionKind>({ store }: Bench<Kind>): Outbox {
  assert.ok(store.outbox, 'the store has an outbox');
  return store.outbox;
}

/** Adds messages with these names in one transaction, which at its end throws the fault, if there is one. */
async function enqueue<Kind extends TransactionKind>(
  bench: Bench<Kind>,
  ofNames: readonly string[],
  text = 'payload',
  fault?: Error,
): Promise<readonly boolean[]> {
  await bench.take('a');
  const request = { id: recordName, token: 'a', leaseMs: bench.leaseMs, unresolvedRetentionMs: bench.unresolvedMs };
  const added: boolean[] = [];
  const finish = (): Transacted<string> => {
    if (fault !== undefined) throw fault;
    return { value: 'value', write: { kind: 'step', name: `step-${text}`, value: bytes('saved') } };
  };
  const addFrom = (handle: unknown, index: number): Transacted<string> | Promise<Transacted<string>> => {
    const name = ofNames[index];
    if (name === undefined) return finish();
    const message: NewMessage = { operationId, operation: 'POST /charges', name, payload: bytes(text) };
    const goOn = (isNew: boolean) => {
      added.push(isNew);
      return addFrom(handle, index + 1);
    };
    const adding = outboxOf(bench).enqueue(handle, message);
    return typeof adding === 'boolean' ? goOn(adding) : adding.then(goOn);
  };
  await callTransaction(bench.store, request, (handle) => addFrom(handle, 0));
  return added;
}

async function take<Kind extends TransactionKind>(
  bench: Bench<Kind>,
  limit = 10,
  maxAttempts = 20,
): Promise<readonly TakenMessage[]> {
  return (await outboxOf(bench).take({ limit, leaseMs: bench.leaseMs, maxAttempts })).messages;
}

function names(messages: readonly { readonly name: string }[]): string[] {
  return messages.map(({ name }) => name);
}

async function listed<Kind extends TransactionKind>(
  bench: Bench<Kind>,
  state: 'waiting' | 'dead',
  limit = 10,
): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await outboxOf(bench).list({ state, limit, ...(cursor !== undefined && { cursor }) });
    found.push(...names(page.messages));
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}
