import { startHono } from './apps/hono.ts';
import { onBothStores } from './apps/suites.ts';

onBothStores('hono', startHono);
