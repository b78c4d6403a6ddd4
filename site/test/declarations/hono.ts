/** An application of Hono. */

import type { Handler, Hono } from 'hono';
import type { HonoGuard } from 'latchkey/hono';

declare global {
  const app: Hono<{ Variables: { account: string } }>;
  const guard: HonoGuard;
  const handler: Handler;
  const bucket: { take(account: string): Promise<boolean> };
}
