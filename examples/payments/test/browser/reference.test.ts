import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { ServerProcess } from '../support/server-process.ts';

let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([ServerProcess.start(), launchChromium()]);
});

afterAll(async () => {
  await browser.close();
  await server.remove();
});

/** A page that notes the hosts of its requests, and of those that its policy forbids. */
async function openPage(): Promise<{ page: Page; hosts: Set<string> }> {
  const page = await (await browser.newContext()).newPage();
  const hosts = new Set<string>();
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  await page.exposeFunction('noteForbidden', (address: string) => URL.canParse(address) && hosts.add(address));
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', ({ blockedURI }) => noteForbidden(blockedURI))",
  );
  return { page, hosts };
}

describe('the reference page', () => {
  it('shows the operations with their keys, and sends no request to another host', async () => {
    const { page, hosts } = await openPage();
    await page.goto(server.url);
    await page.getByRole('link', { name: 'the API’s reference' }).click();
    await page.getByRole('heading', { name: 'Create a charge' }).waitFor();
    await page.goto(`${server.url}/reference#tag/orders/POST/v1/orders`);
    const operation = page.getByRole('region', { name: 'Create an order' });
    const key = operation.getByRole('listitem').filter({ hasText: 'Idempotency-Key' }).first();
    await key.getByText('required').waitFor();
    expect(await key.textContent()).toContain('The answer is kept for 1 day.');
    await operation.getByText('A request with this key is in progress').first().waitFor();
    await page.waitForLoadState('networkidle');
    expect([...hosts]).toEqual([new URL(server.url).host]);
    await page.context().close();
  });

  it('has no assistant, no developer tools and no button for a client of another host', async () => {
    const { page } = await openPage();
    await page.goto(`${server.url}/reference`);
    await page.getByRole('heading', { name: 'Create a charge' }).waitFor();
    for (const name of [/ask ai/i, /developer tools/i, /configure/i, /share/i, /deploy/i, /open api client/i])
      expect(await page.getByText(name).count(), String(name)).toBe(0);
    await page.context().close();
  });

  it('notes a request to another host', async () => {
    const { page, hosts } = await openPage();
    await page.goto(`${server.url}/reference`);
    await page.evaluate("fetch('https://elsewhere.example/').catch(() => {})");
    await expect.poll(() => [...hosts].some((host) => host.includes('elsewhere.example'))).toBe(true);
    await page.context().close();
  });
});
