/** `llms.txt`: the list of the pages, for programs that read them as Markdown. */

import { pages } from './pages.ts';

/** Returns the list. Its links are those of `docs/`, so that it works in the package and on the site. */
export function llmsText(): string {
  const sections = pages().map(({ title, pages: listed }) => {
    const lines = listed.map((page) => `- [${page.title}](${page.file})${page.summary && `: ${page.summary}`}`);
    return `## ${title}\n\n${lines.join('\n')}\n`;
  });
  return `# Latchkey

> Latchkey makes an HTTP API safe to retry: the client sends a key with its request, the server runs the operation once,
> and every retry gets the first answer. It is a TypeScript library for Node.js and other runtimes.

A short guide for coding agents is [skill/SKILL.md](skill/SKILL.md). The npm package has these pages in
\`node_modules/latchkey/docs\`.

${sections.join('\n')}`;
}
