import { startExpress } from './apps/express.ts';
import { onBothStores } from './apps/suites.ts';

onBothStores('express 4, express.json() after the guard', startExpress(4, 'after'));
onBothStores('express 4, express.json() before the guard', startExpress(4, 'before'), 'value');
onBothStores('express 4, no express.json()', startExpress(4, 'absent'));
