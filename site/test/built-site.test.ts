import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../examples/payments/test/support/chromium.ts';
import { capture } from '../../scripts/prepare/process.mjs';
import { node24 } from '../../scripts/prepare/root.mjs';
import { folders } from '../src/folders.ts';
import { type ServedSite, serveSite } from '../src/serve.ts';
import { brokenLinks, builtPages } from './kit/built-pages.ts';

let site: ServedSite;
let browser: Browser;

beforeAll(async () => {
  const env = { ...process.env, NODE_ENV: 'production' };
  const { ok, output } = await capture(node24, [`${folders.site}/scripts/main.ts`, '--build'], {
    cwd: folders.root,
    env,
  });
  if (!ok) throw new Error(output);
  [site, browser] = await Promise.all([serveSite(), launchChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** One page of each kind. */
const kinds = {
  'the start page': '/',
  'a guide': '/guides/after-failure',
  'a concept with its diagram': '/concepts/requests',
  'the options': '/options',
  'a page of the API reference': '/api/latchkey/express',
};

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  describe.each([
    ['a phone', 360],
    ['a desktop', 1280],
  ])('on %s', (_device, width) => {
    it.each(Object.entries(kinds))('%s is accessible, fits, and asks no other host', async (_kind, path) => {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
      const page = await context.newPage();
      const asked = new Set<string>();
      const faults: string[] = [];
      page.on('request', (request) => asked.add(new URL(request.url()).origin));
      page.on('pageerror', (error) => faults.push(String(error)));
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      await page.goto(site.url + path, { waitUntil: 'networkidle' });
      expect(await page.evaluate(() => document.documentElement.classList.contains('dark'))).toBe(
        colorScheme === 'dark',
      );
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      expect([...asked]).toEqual([site.url]);
      expect(faults).toEqual([]);
      await context.close();
    });
  });
});

it('finds a page by its text, without another host', async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${site.url}/options`);
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('searchbox').fill('unresolvedRetentionMs');
  await page.getByRole('option').first().waitFor();
  expect(await page.getByRole('option').allTextContents()).toContainEqual(expect.stringContaining('Options'));
  await page.close();
});

it('has no broken link and no broken anchor', () => {
  const pages = builtPages();
  expect(pages.length).toBeGreaterThan(75);
  expect(brokenLinks(pages)).toEqual([]);
});

it('sees a broken link, and a broken anchor', () => {
  const page = {
    path: '/guides/cors',
    anchors: new Set(['order']),
    links: ['./none', '#order', '#none', '../options'],
  };
  const options = { path: '/options', anchors: new Set<string>(), links: ['guides/cors#order', 'guides/cors#no'] };
  const broken = ['/guides/cors → ./none', '/guides/cors → #none', '/options → guides/cors#no'];
  expect(brokenLinks([page, options])).toEqual(broken);
});

it('links that leave docs/ go to files of the repository', () => {
  const prefix = 'https://github.com/latchkey/latchkey/blob/main/';
  const links = new Set(builtPages().flatMap((page) => page.links.filter((link) => link.startsWith(prefix))));
  expect(links.size).toBeGreaterThan(100);
  for (const link of links) {
    const path = link.slice(prefix.length).replace(/#.*/, '');
    expect(existsSync(join(folders.root, path)), path).toBe(true);
  }
});

it('serves llms.txt and the Markdown of the pages that it lists', async () => {
  const list = await (await fetch(`${site.url}/llms.txt`)).text();
  expect(list).toBe(readFileSync(join(folders.docs, 'llms.txt'), 'utf8'));
  const files = Array.from(list.matchAll(/\]\((\S+\.md)\)/g), ([, file = '']) => file);
  expect(files.length).toBeGreaterThan(40);
  for (const file of files) {
    const response = await fetch(`${site.url}/${file}`);
    expect([response.status, (await response.text()).includes('\n# ') || file], file).toEqual([200, expect.anything()]);
  }
});
