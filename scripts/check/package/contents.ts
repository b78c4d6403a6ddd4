import type { Installed, Manifest } from './install.ts';

const dependencyFields = ['dependencies', 'optionalDependencies', 'bundleDependencies'];

function targetsOf({ exports, main, types, typesVersions }: Manifest): string[] {
  return [exports, main, types, typesVersions].flatMap(stringsIn);
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

/** TypeScript's oldest module resolution ignores `exports`, so each of them needs a separate entry. */
function unknownToOldTypeScript({ exports, typesVersions }: Manifest): string[] {
  const subpaths = Object.keys(exports).filter((subpath) => subpath !== '.' && !subpath.endsWith('.json'));
  return subpaths.filter((subpath) => !(subpath.slice(2) in typesVersions['*']));
}

/** Files that no consumer needs; a file that is read at run time would be omitted by a bundler. */
export const isForeign = (file: string): boolean => /\.(tsbuildinfo|lua|sql)$|^(test|src|scripts)\//.test(file);

/** No runtime dependencies, README and LICENSE, every export's file, and no files that users don't need. */
export function problemsInContents({ manifest, files }: Installed): string[] {
  const wanted = ['LICENSE', 'README.md', ...targetsOf(manifest).map((target) => target.replace('./', ''))];
  return [
    ...dependencyFields.filter((field) => field in manifest).map((field) => `the package has ${field}`),
    ...wanted.filter((file) => !files.includes(file)).map((file) => `the package lacks ${file}`),
    ...files.filter((file) => isForeign(file)).map((file) => `the package ships ${file}`),
    ...unknownToOldTypeScript(manifest).map((subpath) => `typesVersions lacks ${subpath}`),
  ];
}
