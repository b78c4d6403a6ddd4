// The server under test: main.ts ROW FOLDER

import { createServer } from 'node:http';
import { isRowName, rows } from '../rows.ts';
import { guarded } from './guarded.ts';
import { serve } from './serve.ts';

const [name = '', folder = ''] = process.argv.slice(2);
if (!isRowName(name)) throw new Error(`No such row: ${name}`);
const { listener, close } = guarded(rows[name].store, folder);
serve({ server: createServer(listener), close });
