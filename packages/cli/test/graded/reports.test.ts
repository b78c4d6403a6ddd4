import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { launchChromium } from '../../../../examples/payments/test/support/chromium.ts';
import { startReference } from '../conformance/reference/server.ts';
import { argsFor } from '../conformance/template-args.ts';
import { runCli } from '../run-cli.ts';

it('writes an HTML page that loads nothing else, and JUnit XML that is well-formed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-conformance-'));
  const { origin, close } = await startReference({ fault: 'takes-malformed-keys' });
  const browser = await launchChromium();
  try {
    const [html, junit] = [join(folder, 'report.html'), join(folder, 'junit.xml')];
    await runCli(['conformance', ...argsFor(origin), '--html', html, '--junit', junit, '--rows', 'R1,R5,R10']);
    const page = await browser.newPage();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(pathToFileURL(html).href);
    expect([requests, complaints]).toEqual([[pathToFileURL(html).href], []]);
    expect(await page.locator('tbody tr').count()).toBe(3);
    expect(await page.locator('tr.failed').textContent()).toContain('an open quote: 201');
    const suite = await page.evaluate(
      (text) => {
        const xml = new DOMParser().parseFromString(text, 'application/xml');
        const counts = ['tests', 'failures', 'skipped'].map((name) => xml.documentElement.getAttribute(name));
        return { counts, failure: xml.querySelector('failure')?.getAttribute('message') };
      },
      readFileSync(junit, 'utf8'),
    );
    expect(suite).toEqual({ counts: ['3', '1', '1'], failure: expect.stringContaining('an open quote: 201') });
  } finally {
    await browser.close();
    await close();
    rmSync(folder, { recursive: true });
  }
});
