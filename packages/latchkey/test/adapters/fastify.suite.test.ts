import { startFastify } from './apps/fastify.ts';
import { onBothStores } from './apps/suites.ts';

onBothStores('fastify', startFastify);
