/** A fetch handler. */

import type { FetchGuard } from 'latchkey/fetch';

declare global {
  const guard: FetchGuard;
}
