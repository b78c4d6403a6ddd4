import { startKoa } from './apps/koa.ts';
import { onBothStores } from './apps/suites.ts';

onBothStores('koa, bodyParser() after the guard', startKoa('after'));
onBothStores('koa, bodyParser() before the guard', startKoa('before'));
onBothStores('koa, no bodyParser()', startKoa('absent'));
