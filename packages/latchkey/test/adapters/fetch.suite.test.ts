import { startFetch } from './apps/fetch.ts';
import { onBothStores } from './apps/suites.ts';

onBothStores('fetch', startFetch);
