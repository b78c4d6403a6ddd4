/** Makes the API reference: one Markdown page for each import path of the package, with all its exported types. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, LogLevel, PageEvent, type ProjectReflection } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { folders } from './folders.ts';

const library = join(folders.root, 'packages/latchkey');

/**
 * What the types name without being types of the library: lists of codes, from which unions are made, and the types of
 * frameworks that are peers.
 */
const intentionallyNotExported = [
  ...['errorCodes', 'finalCodes', 'openCodes', 'operatorMethods'],
  ...['"next/server.js".NextRequest', '"react".ReactElement'],
];

const markdownOptions: Partial<PluginOptions> = {
  outputFileStrategy: 'modules',
  entryFileName: 'index',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  parametersFormat: 'table',
  useHTMLAnchors: true,
};

/** The source of each import path, such as `latchkey/express`. */
export function entryPoints(): ReadonlyMap<string, string> {
  const manifest: unknown = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));
  const { exports } = manifest as { exports: Readonly<Record<string, { default?: string }>> };
  const modules = Object.entries(exports).flatMap(([subpath, target]) =>
    target.default === undefined ? [] : [[`latchkey${subpath.slice(1)}`, sourceOf(target.default)] as const],
  );
  return new Map(modules);
}

function sourceOf(built: string): string {
  return join(library, built.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
}

/** Pages are named by import paths, not by files. */
function nameByImportPaths(project: ProjectReflection): void {
  const byModule = new Map([...entryPoints()].map(([name, file]) => [moduleOf(file), name]));
  for (const module of project.children ?? []) module.name = byModule.get(module.name) ?? module.name;
}

/** TypeDoc's name of a module: its path without ending, and without `index`. */
function moduleOf(file: string): string {
  return file.slice(`${library}/src/`.length).replace(/(\/index)?\.ts$/, '');
}

/**
 * Gives each heading the anchor that TypeDoc links to, which it writes above it as an element. Headings of parts, such as
 * "Methods", have none, and must not take that of a member with this name.
 */
function anchorHeadings(markdown: string): string {
  let parts = 0;
  return markdown.replaceAll(/(?:<a id="([^"]+)"><\/a>\n+)?^(#{2,6} .+)$/gm, (_whole, anchor, heading) => {
    parts += 1;
    return `${heading} {#${anchor ?? `part-${parts}`}}`;
  });
}

/**
 * Writes the reference to a folder.
 *
 * @param sources - the sources of the import paths; all of them by default.
 * @throws Error if a public type is not exported, a link in a comment is broken, or a source does not compile.
 */
export async function writeApi(folder: string, sources = [...entryPoints().values()]): Promise<void> {
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: sources,
    tsconfig: join(library, 'tsconfig.json'),
    logLevel: LogLevel.Warn,
    name: 'API reference',
    readme: 'none',
    disableSources: true,
    excludeInternal: true,
    excludePrivate: true,
    validation: { notExported: true, invalidLink: true, notDocumented: false },
    intentionallyNotExported,
    out: folder,
    ...markdownOptions,
  });
  app.renderer.on(PageEvent.END, (page) => {
    page.contents = anchorHeadings(page.contents ?? '');
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('The sources do not compile, so the API reference was not made.');
  nameByImportPaths(project);
  app.validate(project);
  if (app.logger.hasWarnings() || app.logger.hasErrors()) throw new Error('The API reference has the faults above.');
  await app.generateOutputs(project);
}
