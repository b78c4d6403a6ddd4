import { capture } from '../../prepare/process.mjs';
import { node24 } from '../../prepare/root.mjs';
import { consumerOf, type Installed } from './install.ts';

const recorder = `
  import { registerHooks } from 'node:module';
  const urls = [];
  registerHooks({ resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    urls.push(resolved.url);
    return resolved;
  } });
  await import(process.argv[1]);
  console.log(JSON.stringify(urls));
`;

/** The modules that an import loads; empty if it fails, which another check reports. */
async function loadedBy(specifier: string, installed: Installed): Promise<string[]> {
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', recorder, specifier];
  const { ok, output } = await capture(node24, args, { cwd: consumerOf(installed) });
  const urls = ok ? (JSON.parse(output) as string[]) : [];
  return [...new Set(urls)].map((url) => url.replace(/^.*\/latchkey\/dist\//, ''));
}

/** Modules that an import of this entry may not load; the suites of `testing` may load anything. */
function isForeign(specifier: string, loaded: string): boolean {
  const subpath = specifier.slice('latchkey/'.length);
  if (subpath === 'testing') return false;
  if (subpath === 'client') return !/^(client|core|protocol)\//.test(loaded);
  if (subpath === 'operator') return !/^(operator|core|function|http|protocol)\/|^node:/.test(loaded);
  const store = /^stores\/(?!record\/|shared\/)([^/]+)\//.exec(loaded)?.[1];
  return loaded.startsWith('testing/') || (store !== undefined && store !== subpath);
}

async function problemsOf(specifier: string, installed: Installed): Promise<string[]> {
  const loaded = await loadedBy(specifier, installed);
  return loaded.filter((path) => isForeign(specifier, path)).map((path) => `${specifier} drags in ${path}`);
}

/**
 * Checks that an import loads no other store, that the client loads nothing that browsers lack, and that the operator
 * loads no adapter.
 */
export async function problemsOfReach(installed: Installed): Promise<string[]> {
  const problems: string[] = [];
  for (const specifier of installed.specifiers) problems.push(...(await problemsOf(specifier, installed)));
  return problems;
}
