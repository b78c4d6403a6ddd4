import { startNode } from './apps/node.ts';
import { onBothStores } from './apps/suites.ts';

onBothStores('node', startNode);
