/** An application of Fastify. */

import type { FastifyInstance } from 'fastify';
import type { FastifyGuard } from 'latchkey/fastify';

declare global {
  const app: FastifyInstance;
  const guard: FastifyGuard;
}
