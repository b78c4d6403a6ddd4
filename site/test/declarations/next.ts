/** A Next.js application. */

import type { idempotentAction as action, IdempotencyField as Field, NextGuard } from 'latchkey/next';
import type { redirect as redirectTo } from 'next/navigation.js';
import type { NextRequest as Incoming } from 'next/server.js';

declare global {
  type NextRequest = Incoming;
  const guard: NextGuard;
  const idempotentAction: typeof action;
  const IdempotencyField: typeof Field;
  const redirect: typeof redirectTo;
  const currentBuyer: () => Promise<string | undefined>;
}
