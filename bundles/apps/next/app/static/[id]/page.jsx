import { IdempotencyField } from 'latchkey/next';

export const dynamic = 'force-static';

export default function Page() {
  return (
    <form>
      <IdempotencyField />
    </form>
  );
}
