/** The pages of the site, in the order of its sidebar. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folders } from './folders.ts';

interface Section {
  readonly title: string;
  readonly files: readonly string[];
}

const sections: readonly Section[] = [
  {
    title: 'Start',
    files: [
      'getting-started.md',
      'frameworks.md',
      ...['express', 'fastify', 'hono', 'koa', 'nest', 'next', 'node', 'fetch', 'lambda'].map(
        (name) => `frameworks/${name}.md`,
      ),
    ],
  },
  { title: 'Concepts', files: ['concepts/records.md', 'concepts/requests.md', 'concepts/crashes.md'] },
  {
    title: 'Guides',
    files: [
      'guides/stores.md',
      'guides/after-failure.md',
      'guides/principals.md',
      'guides/retention.md',
      'guides/cors.md',
      'guides/middleware-order.md',
      'limiters.md',
      'steps.md',
      'guides/queues.md',
      'testing.md',
      'guides/production.md',
      'guides/emergency.md',
      'guides/migrating.md',
    ],
  },
  {
    title: 'Reference',
    files: [
      'options.md',
      'answers.md',
      'errors.md',
      'events.md',
      'stores.md',
      'client.md',
      'dialects.md',
      'openapi.md',
      'operations.md',
      'telemetry.md',
      'command-line.md',
      'writing-a-store.md',
      'conformance-tester.md',
    ],
  },
  { title: 'Background', files: ['proof.md', 'comparison.md', 'threat-model.md'] },
  {
    title: 'Design',
    files: ['core', 'http', 'adapters', 'stores', 'operator', 'client', 'package', 'simulation'].map(
      (name) => `design/${name}.md`,
    ),
  },
];

/** One page. */
export interface Page {
  /** The path in `docs/`. */
  readonly file: string;
  readonly title: string;
  /** The first sentence of the page; empty if it begins with a list. */
  readonly summary: string;
}

/** The sections and their pages. */
export function pages(): readonly { readonly title: string; readonly pages: readonly Page[] }[] {
  return sections.map(({ title, files }) => ({
    title,
    pages: files.map(readPage),
  }));
}

function readPage(file: string): Page {
  const markdown = readFileSync(join(folders.docs, file), 'utf8');
  const [, title, rest] = /^# (.+)\n\n([\s\S]+)$/.exec(markdown) ?? [];
  if (title === undefined || rest === undefined) throw new Error(`docs/${file} must begin with its title: # Title`);
  const paragraph = rest.split('\n\n').find((block) => /^[\w`]/.test(block) && !block.startsWith('```')) ?? '';
  const text = paragraph.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1').replaceAll('\n', ' ');
  const summary = /^.*?\.(?= |$)/.exec(text)?.[0] ?? text.replace(/:$/, '.');
  return { file, title: title.replaceAll('`', ''), summary };
}
