// The server under test: main.ts ROW FOLDER FORMER, where ROW is JSON and FORMER is the folder with the former code

import type { Row } from '../rows.ts';
import { applicationOf } from './applications.ts';
import { Library } from './library.ts';
import { serve } from './serve.ts';

const [text = '', folder = '', former] = process.argv.slice(2);
const row = JSON.parse(text) as Row;
serve(await applicationOf(row, new Library(row.release === 'former' ? former : undefined), folder));
