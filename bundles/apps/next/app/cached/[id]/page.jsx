import { IdempotencyField } from 'latchkey/next';
import { connection } from 'next/server';

async function Cached() {
  'use cache';
  return <IdempotencyField />;
}

export default async function Page() {
  await connection();
  return (
    <form>
      <Cached />
    </form>
  );
}
