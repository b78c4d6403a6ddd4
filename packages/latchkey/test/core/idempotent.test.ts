import { describe, expect, it } from 'vitest';
import { LatchkeyError, NothingHappenedError } from '../../src/core/errors.ts';
import { idempotent } from '../../src/function/idempotent.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';

interface Order {
  readonly id: string;
  readonly total: number;
}

function shipping(options: Record<string, unknown> = {}) {
  const shipped: string[] = [];
  const ship = idempotent(
    async (order: Order, context) => {
      shipped.push(order.id);
      return { parcel: `p-${shipped.length}`, at: new Date(0), attempt: context.attempt };
    },
    { store: memoryStore(), name: 'ship', key: (order) => order.id, ...options },
  );
  return { ship, shipped };
}

describe('idempotent()', () => {
  it('runs once per key and gives every call the same value', async () => {
    const { ship, shipped } = shipping();
    const first = await ship({ id: 'a', total: 1 });
    expect(first).toEqual({ parcel: 'p-1', at: '1970-01-01T00:00:00.000Z', attempt: 1 });
    expect(await ship({ total: 1, id: 'a' })).toEqual(first);
    await ship({ id: 'b', total: 1 });
    expect(shipped).toEqual(['a', 'b']);
  });

  it('refuses a key that was used for another payload', async () => {
    const { ship } = shipping();
    await ship({ id: 'a', total: 1 });
    await expect(ship({ id: 'a', total: 2 })).rejects.toMatchObject({ code: 'key-reused' });
  });

  it('explains how to ignore the envelope of a redelivered message', async () => {
    const store = memoryStore();
    const message = (attempt: number) => ({ id: 'm-1', attempt, body: { order: 7 } });
    const options = { store, name: 'ship', key: ({ id }: { id: string }) => id };
    const whole = idempotent(() => 'shipped', options);
    await whole(message(1));
    await expect(whole(message(2))).rejects.toThrow(/an attempt number: let the option payload return only the input/);
    const ship = idempotent(() => 'shipped', {
      ...options,
      name: 'ship-body',
      payload: ({ body }: ReturnType<typeof message>) => body,
    });
    await ship(message(1));
    expect(await ship(message(2))).toBe('shipped');
  });

  it('keeps principals apart', async () => {
    const { ship, shipped } = shipping({ principal: (order: Order) => String(order.total) });
    await ship({ id: 'a', total: 1 });
    await ship({ id: 'a', total: 2 });
    expect(shipped).toHaveLength(2);
  });

  it('replays a failure under refuse, with its message and code', async () => {
    let calls = 0;
    const charge = idempotent(
      async (_id: string) => {
        calls += 1;
        throw Object.assign(new Error('card declined'), { code: 'card_declined' });
      },
      { store: memoryStore(), name: 'charge', key: (id) => id },
    );
    await expect(charge('a')).rejects.toThrow('card declined');
    await expect(charge('a')).rejects.toMatchObject({ code: 'operation-failed', cause: { code: 'card_declined' } });
    expect(calls).toBe(1);
  });

  it('releases a result that is not kept, with any payload unless a step was saved', async () => {
    const ran: string[] = [];
    const pay = idempotent(
      async ({ card, hasFee }: { card: string; hasFee?: boolean }, context) => {
        ran.push(card);
        if (hasFee) await context.step('fee', () => 1);
        return { paid: card !== 'declined' };
      },
      {
        store: memoryStore(),
        name: 'pay',
        key: ({ hasFee }) => `k-${hasFee}`,
        keep: ({ paid }: { paid: boolean }) => paid,
      },
    );
    expect([await pay({ card: 'declined' }), await pay({ card: 'visa' })]).toEqual([{ paid: false }, { paid: true }]);
    await expect(pay({ card: 'amex' })).rejects.toMatchObject({ code: 'key-reused' });
    expect(await pay({ card: 'declined', hasFee: true })).toEqual({ paid: false });
    await expect(pay({ card: 'visa', hasFee: true })).rejects.toMatchObject({ code: 'key-reused' });
    expect(await pay({ card: 'declined', hasFee: true })).toEqual({ paid: false });
    expect(ran).toEqual(['declined', 'visa', 'declined', 'declined']);
  });

  it('runs again after NothingHappenedError, and under rerun after any failure', async () => {
    for (const [afterFailure, error] of [
      ['refuse', new NothingHappenedError()],
      ['rerun', new Error('down')],
    ] as const) {
      let calls = 0;
      const charge = idempotent(
        async (_id: string) => {
          calls += 1;
          if (calls === 1) throw error;
          return calls;
        },
        { store: memoryStore(), name: 'charge', key: (id) => id, afterFailure },
      );
      await expect(charge('a')).rejects.toBe(error);
      expect(await charge('a')).toBe(2);
    }
  });

  it('does not run again after NothingHappenedError under refuse if a step was saved', async () => {
    let calls = 0;
    const order = idempotent(
      async (_id: string, context) => {
        calls += 1;
        await context.step('charge', () => 'charged');
        throw new NothingHappenedError('the warehouse is closed');
      },
      { store: memoryStore(), name: 'order', key: (id) => id },
    );
    await expect(order('a')).rejects.toThrow('the warehouse is closed');
    await expect(order('a')).rejects.toMatchObject({ code: 'operation-failed' });
    expect(calls).toBe(1);
  });

  it('R89: stays undecided when it calls another undecided operation', async () => {
    for (const [afterFailure, code] of [
      ['refuse', 'outcome-unknown'],
      ['rerun', undefined],
    ] as const) {
      const inner = new LatchkeyError('in-progress', 'charge is running for this key.');
      let calls = 0;
      const order = idempotent(
        async (_id: string) => {
          calls += 1;
          if (calls === 1) throw inner;
        },
        { store: memoryStore(), name: 'order', key: (id) => id, afterFailure },
      );
      await expect(order('a')).rejects.toBe(inner);
      expect(await order('a').catch((error: LatchkeyError) => error.code)).toBe(code);
    }
  });

  it('gives a running duplicate a retryAfterMs', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const slow = idempotent((_id: string) => promise, { store: memoryStore(), name: 'slow', key: (id) => id });
    const first = slow('a');
    await expect(slow('a')).rejects.toMatchObject({ code: 'in-progress', retryAfterMs: 1_000 });
    resolve(1);
    expect(await first).toBe(1);
  });

  it('keeps bytes as bytes, and a value of undefined', async () => {
    const bytes = idempotent((_id: string) => Uint8Array.of(0, 255), {
      store: memoryStore(),
      name: 'b',
      key: (id) => id,
    });
    await bytes('a');
    expect(await bytes('a')).toEqual(Uint8Array.of(0, 255));
    const nothing = idempotent((_id: string) => {}, { store: memoryStore(), name: 'n', key: (id) => id });
    await nothing('a');
    expect(await nothing('a')).toBeUndefined();
  });

  it('refuses bad keys and unknown options by name', async () => {
    const { ship } = shipping();
    for (const id of ['', 'x'.repeat(256)]) {
      await expect(ship({ id, total: 1 })).rejects.toMatchObject({ code: 'key-invalid' });
    }
    expect(() => shipping({ leaseMS: 5_000 })).toThrow(/leaseMS.*"timing.leaseMs"/);
    expect(() => shipping({ timing: { leaseMs: -1 } })).toThrow(/leaseMs must be an integer/);
  });

  it('refuses invalid options at once', () => {
    for (const [name, value] of Object.entries({
      name: '',
      key: 'id',
      principal: 'tenant',
      payload: 'total',
      codec: {},
      store: undefined,
      onEvent: 'console',
      runtime: {},
      fingerprint: { secrets: ['short'] },
    })) {
      expect(() => shipping({ [name]: value })).toThrow(
        expect.objectContaining({ code: 'option-invalid', message: expect.stringContaining(name) }),
      );
    }
  });

  it('refuses a call without a principal', async () => {
    const { ship, shipped } = shipping({ principal: (order: { tenant?: string }) => order.tenant });
    await expect(ship({ id: 'a', total: 1 })).rejects.toMatchObject({ code: 'principal-missing' });
    const blank = shipping({ principal: () => '' });
    await expect(blank.ship({ id: 'a', total: 1 })).rejects.toMatchObject({ code: 'principal-missing' });
    expect([...shipped, ...blank.shipped]).toEqual([]);
  });

  it.each([
    ['a BigInt', 1n],
    ['a Map', new Map([['total', 1]])],
    ['a Set', [new Set([1])]],
    ['a form', { form: new FormData() }],
  ])('refuses a payload that cannot be compared: %s', async (_what, payload) => {
    const { ship, shipped } = shipping({ payload: () => payload });
    await expect(ship({ id: 'a', total: 1 })).rejects.toMatchObject({ code: 'value-invalid' });
    expect(shipped).toEqual([]);
  });
});
