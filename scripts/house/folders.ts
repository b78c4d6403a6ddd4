import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../prepare/root.mjs';
import { crowdedFolderCeilings, filesInFolder, foldersOfLikeFiles } from './limits.ts';

const places = [
  'packages/latchkey/src',
  'packages/cli/src',
  'scripts',
  'bench',
  'edges',
  'bundles',
  'examples',
  'model',
  'site',
];
const isCode = /(?<!\.generated)\.(ts|mjs|lua|sql)$/;
const isForeign = /(^|\/)(node_modules|dist|data|test|\.work)(\/|$)/;

/** The number of code files directly in each folder, without test folders, which have one file per subject. */
function filesByFolder(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const place of places)
    for (const entry of readdirSync(join(root, place), { recursive: true, withFileTypes: true })) {
      const folder = entry.parentPath.slice(root.length + 1);
      if (!entry.isFile() || !isCode.test(entry.name) || isForeign.test(folder)) continue;
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
  return counts;
}

/** Each folder with too many files. */
export function crowdedFolders(): string[] {
  return [...filesByFolder()].flatMap(([folder, count]) => {
    const limit = crowdedFolderCeilings[folder] ?? filesInFolder;
    if (count <= limit || foldersOfLikeFiles.includes(basename(folder))) return [];
    return [`${folder} has ${count} files beside each other; the limit is ${limit}`];
  });
}
