import { readFileSync } from 'node:fs';
import GithubSlugger from 'github-slugger';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { entryPoints } from '../src/api.ts';
import { accessibleTables, inlineDiagrams, linkToRepository } from '../src/markdown.ts';
import { pages } from '../src/pages.ts';

const icon = `data:image/svg+xml,${encodeURIComponent(readFileSync(new URL('../icon.svg', import.meta.url), 'utf8'))}`;

/** Pages whose tables need the width of the outline, which moves to a menu. */
const widePages: ReadonlySet<string> = new Set(['comparison.md', 'frameworks.md', 'options.md']);

type Sidebar = DefaultTheme.SidebarItem[];

function pagesSidebar(): Sidebar {
  return pages().map((section) => ({
    text: section.title,
    items: section.pages.map(({ file, title }) => ({ text: title, link: `/${file.replace(/\.md$/, '')}` })),
  }));
}

function apiSidebar(): Sidebar {
  const items = [...entryPoints().keys()].map((name) => ({ text: name, link: `/api/${name}` }));
  return [{ text: 'API reference', link: '/api/', items }];
}

export default defineConfig({
  title: 'Latchkey',
  description: 'Latchkey makes an HTTP API safe to retry.',
  lang: 'en',
  srcDir: '../docs',
  outDir: './dist',
  cacheDir: './node_modules/.vitepress',
  srcExclude: ['skill/**'],
  cleanUrls: true,
  metaChunk: true,
  head: [['link', { rel: 'icon', href: icon }]],
  transformPageData: ({ relativePath }) => (widePages.has(relativePath) ? { frontmatter: { aside: false } } : {}),
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    // The anchors of headings are those of GitHub, where the same pages are read.
    anchor: { slugify: (heading) => new GithubSlugger().slug(heading) },
    config: (md) => md.use(linkToRepository).use(inlineDiagrams).use(accessibleTables),
  },
  themeConfig: {
    logo: icon,
    nav: [
      { text: 'Start', link: '/getting-started' },
      { text: 'Options', link: '/options' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: { '/': pagesSidebar(), '/api/': apiSidebar() },
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: 'https://github.com/latchkey/latchkey' }],
  },
});
