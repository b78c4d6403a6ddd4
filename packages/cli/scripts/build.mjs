// Builds the command line: ES modules in `dist`.

import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(folder, '../../node_modules/typescript/bin/tsc');

rmSync(join(folder, 'dist'), { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', folder], { stdio: 'inherit' });
chmodSync(join(folder, 'dist/main.js'), 0o755);
