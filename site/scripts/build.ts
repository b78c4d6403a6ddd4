/** Builds the site into `site/dist`: the API reference first, which is part of its pages. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vitepress';
import { writeApi } from '../src/api.ts';
import { folders } from '../src/folders.ts';

const reference = join(folders.docs, 'api');

rmSync(reference, { recursive: true, force: true });
await writeApi(reference);
await build(folders.site);
