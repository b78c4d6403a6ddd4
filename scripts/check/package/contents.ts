import type { Installed, Manifest } from './install.ts';

const dependencyFields = ['dependencies', 'optionalDependencies', 'bundleDependencies'];

function targetsOf({ exports }: Manifest): string[] {
  return Object.values(exports).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)));
}

/** Nothing at run time, both papers there, every export's file there, and nothing that isn't for the user. */
export function problemsInContents({ manifest, files }: Installed): string[] {
  const wanted = ['LICENSE', 'README.md', ...targetsOf(manifest).map((target) => target.replace('./', ''))];
  return [
    ...dependencyFields.filter((field) => field in manifest).map((field) => `the package has ${field}`),
    ...wanted.filter((file) => !files.includes(file)).map((file) => `the package lacks ${file}`),
    ...files.filter((file) => /\.tsbuildinfo$|^test\/|^src\//.test(file)).map((file) => `the package ships ${file}`),
  ];
}
