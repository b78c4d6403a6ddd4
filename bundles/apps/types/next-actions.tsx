// Server actions and their form with the types of Next and React.

import { Redis } from 'ioredis';
import { IdempotencyField, idempotentAction } from 'latchkey/next';
import { redisStore } from 'latchkey/redis';
import { sqliteStore } from 'latchkey/sqlite';
import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';
import { useActionState } from 'react';

const store = sqliteStore({ database: 'orders.db' });
const principal = async () => (await cookies()).get('buyer')?.value;
const intentSecret = process.env['INTENT_SECRET'] ?? '';

export const placeOrder = idempotentAction(
  async (form: FormData) => {
    redirect(`/orders/${form.get('item')}`);
  },
  { store, name: 'place-order', principal, intentSecret },
);

interface State {
  readonly error?: string;
  readonly id?: number;
}

/** `finish` gets the store's transaction and resolves to the result. */
export const edit = idempotentAction.withContext(
  async (context, _state: State, form: FormData): Promise<State> => {
    if (form.get('item') === '') return { error: 'Choose an item.' };
    const key: string = context.idempotencyKey('charge');
    return context.finish((db) => ({
      id: Number(db.prepare('INSERT INTO orders VALUES (?)').run(key).changes),
    }));
  },
  { store, name: 'edit', principal, hasState: true, keep: (state) => state.error === undefined },
);

export const ship = idempotentAction.withContext(
  async (context, id: string) => {
    // @ts-expect-error: Redis has no transactions.
    await context.finish(() => id);
    return context.step('ship', () => id);
  },
  { store: redisStore({ client: new Redis() }), name: 'ship', principal, key: (id) => id },
);

export const shipped: Promise<string> = ship('17');

export function Edit({ children }: { children: React.ReactNode }) {
  const [state, submit] = useActionState(edit, {});
  return (
    <form action={submit}>
      {children}
      <p>{state.error ?? state.id}</p>
    </form>
  );
}

export default function Page() {
  return (
    <>
      <form action={placeOrder}>
        <IdempotencyField intent="cart-1" />
      </form>
      <Edit>
        <IdempotencyField />
      </Edit>
    </>
  );
}

// @ts-expect-error: an intent is text.
export const wrong = <IdempotencyField intent={1} />;

// @ts-expect-error: an action has a principal.
idempotentAction(async (_form: FormData) => {}, { store, name: 'look' });
