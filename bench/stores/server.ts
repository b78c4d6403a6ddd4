// A contestant's server: server.ts NAME ENGINES

import { serve } from '../server/serve.ts';
import type { Engines } from './apps/app.ts';
import { contestants, isContestant } from './contestants.ts';

const [name = '', engines = '{}'] = process.argv.slice(2);
if (!isContestant(name)) throw new Error(`No such contestant: ${name}`);
serve(await contestants[name].app(JSON.parse(engines) as Engines));
