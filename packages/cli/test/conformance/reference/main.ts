// The reference server as a process: main.ts PORT OPTIONS

import type { ReferenceOptions } from './faults.ts';
import { startReference } from './server.ts';

const [port, options = '{}'] = process.argv.slice(2);
await startReference(JSON.parse(options) as ReferenceOptions, Number(port));
