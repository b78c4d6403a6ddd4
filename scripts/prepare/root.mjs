import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** The repository's own Node: the one that starts these scripts on a fresh machine is the system's. */
export const node24 = `${root}/node_modules/.bin/node`;

/** The oldest release that the library supports, as far as it is tested. */
export const node22 = `${root}/tools/node22/node_modules/.bin/node`;
