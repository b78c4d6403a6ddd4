import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** Folders of the repository that the site is made from and written to. */
export const folders = {
  root,
  docs: `${root}/docs`,
  site: `${root}/site`,
  /** The built site. */
  built: `${root}/site/dist`,
};
