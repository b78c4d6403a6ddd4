import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, packages, runProgram, runTool } from './workspace.ts';

/** The workspace file to bundle, and the output folder. */
export interface Job {
  readonly folder: string;
  readonly entry: string;
  readonly out: string;
}

/** A bundler: it makes `main` in the job's folder. */
export interface Bundler {
  readonly main: string;
  bundle(job: Job): Promise<Outcome>;
}

/** Optional parts of the drivers, which are not installed and looked up at run time. */
const absent = ['pg-native', 'cloudflare:sockets'];

/** Express and others are CommonJS; without this, bundles of ES modules have no `require`. */
const requireInModules = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

function esbuild(format: 'esm' | 'cjs', main: string, more: readonly string[] = []): Bundler {
  const settings = ['--bundle', '--platform=node', '--minify', `--format=${format}`, ...more];
  const external = absent.map((name) => `--external:${name}`);
  return {
    main,
    bundle: ({ folder, entry, out }) =>
      runTool('esbuild/bin/esbuild', [entry, ...settings, ...external, `--outfile=${join(out, main)}`], {
        cwd: folder,
      }),
  };
}

const vite: Bundler = {
  main: 'main.mjs',
  bundle: ({ folder, entry, out }) => {
    const config = {
      logLevel: 'warn',
      ssr: { noExternal: true, external: ['pg-native'] },
      build: {
        ssr: entry,
        outDir: out,
        emptyOutDir: true,
        minify: true,
        rollupOptions: { external: absent, output: { entryFileNames: 'main.mjs' } },
      },
    };
    const file = join(folder, 'vite.config.mjs');
    writeFileSync(file, `export default ${JSON.stringify(config)};`);
    return runTool('vite/bin/vite.js', ['build', '--config', file], { cwd: folder });
  },
};

const ncc: Bundler = {
  main: 'index.mjs',
  bundle: ({ folder, entry, out }) =>
    runTool('@vercel/ncc/dist/ncc/cli.js', ['build', entry, '--no-cache', '--out', out], { cwd: folder }),
};

const bun: Bundler = {
  main: 'main.mjs',
  bundle: ({ folder, entry, out }) => {
    mkdirSync(out, { recursive: true });
    const external = ['--external', 'pg-native'];
    const args = ['build', entry, '--target=node', '--minify', `--outfile=${join(out, 'main.mjs')}`, ...external];
    return runProgram(join(packages, `@oven/bun-${process.platform}-${process.arch}/bin/bun`), args, { cwd: folder });
  },
};

/** Every bundler whose output runs on Node. Turbopack and workerd have separate tests. */
export const bundlers: Readonly<Record<string, Bundler>> = {
  'esbuild, as ES modules': esbuild('esm', 'main.mjs', [`--banner:js=${requireInModules}`]),
  'esbuild, as CommonJS': esbuild('cjs', 'main.cjs'),
  'vite, for SSR': vite,
  '@vercel/ncc': ncc,
  'bun build': bun,
};
