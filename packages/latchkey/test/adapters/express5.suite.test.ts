import { startExpress } from './apps/express.ts';
import { onBothStores } from './apps/suites.ts';

onBothStores('express 5, express.json() after the guard', startExpress(5, 'after'));
onBothStores('express 5, express.json() before the guard', startExpress(5, 'before'), 'value');
onBothStores('express 5, no express.json()', startExpress(5, 'absent'));
