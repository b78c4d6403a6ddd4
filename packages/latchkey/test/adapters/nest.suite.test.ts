import { startNest } from './apps/nest.ts';
import { onBothStores } from './apps/suites.ts';

onBothStores('nest on express', startNest('express'), 'value');
onBothStores('nest on fastify', startNest('fastify'));
