import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** The repository's own Node; on a fresh machine the system's Node starts these scripts. */
export const node24 = `${root}/node_modules/.bin/node`;

/** The oldest tested release that the library supports. */
export const node22 = `${root}/tools/node22/node_modules/.bin/node`;
