/** Copies what the compiler leaves behind: the stores' statements and scripts. */

import { copyFileSync, globSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const library = fileURLToPath(new URL('..', import.meta.url));

for (const file of globSync('**/*.{lua,sql}', { cwd: join(library, 'src') })) {
  const target = join(library, 'dist', file);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(library, 'src', file), target);
}
