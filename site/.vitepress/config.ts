import GithubSlugger from 'github-slugger';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { entryPoints } from '../src/api.ts';
import { inlineDiagrams, linkToRepository, scrollTables } from '../src/markdown.ts';
import { pages } from '../src/pages.ts';

function sidebar(): DefaultTheme.SidebarItem[] {
  const sections = pages().map((section) => ({
    text: section.title,
    items: section.pages.map(({ file, title }) => ({ text: title, link: `/${file.replace(/\.md$/, '')}` })),
  }));
  const api = [...entryPoints().keys()].map((name) => ({ text: name, link: `/api/${name}` }));
  return [...sections, { text: 'API', collapsed: true, items: api }];
}

export default defineConfig({
  title: 'Latchkey',
  description: 'Latchkey makes an HTTP API safe to retry.',
  lang: 'en',
  srcDir: '../docs',
  outDir: './dist',
  cacheDir: './node_modules/.vitepress',
  cleanUrls: true,
  metaChunk: true,
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    // The anchors of headings are those of GitHub, where the same pages are read.
    anchor: { slugify: (heading) => new GithubSlugger().slug(heading) },
    config: (md) => md.use(linkToRepository).use(inlineDiagrams).use(scrollTables),
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/getting-started' },
      { text: 'Options', link: '/options' },
      { text: 'API', link: '/api/latchkey' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: 'https://github.com/latchkey/latchkey' }],
  },
});
