import { readFile, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

/** The minimum number of a page's links to tests, and of its links to its own sections. */
const pages = {
  'getting-started.md': { proofs: 1, sections: 0 },
  'frameworks.md': { proofs: 4, sections: 0 },
  'frameworks/lambda.md': { proofs: 3, sections: 0 },
  'frameworks/next.md': { proofs: 2, sections: 0 },
  'answers.md': { proofs: 3, sections: 0 },
  'command-line.md': { proofs: 15, sections: 0 },
  'client.md': { proofs: 4, sections: 2 },
  'limiters.md': { proofs: 3, sections: 0 },
  'openapi.md': { proofs: 6, sections: 0 },
  'guides/emergency.md': { proofs: 1, sections: 0 },
  'operations.md': { proofs: 10, sections: 1 },
  'proof.md': { proofs: 16, sections: 1 },
  'stores.md': { proofs: 51, sections: 6 },
  'telemetry.md': { proofs: 9, sections: 0 },
  'testing.md': { proofs: 3, sections: 0 },
  'threat-model.md': { proofs: 40, sections: 0 },
  'writing-a-store.md': { proofs: 1, sections: 0 },
};

for (const [name, least] of Object.entries(pages))
  describe(name, async () => {
    const address = new URL(`../../../../docs/${name}`, import.meta.url);
    const page = await readFile(address, 'utf8');

    /** `[text](path "title")`, with an optional title. */
    const links = Array.from(page.matchAll(/\]\((?!https?:)([^)\s]+)(?: "([^"]+)")?\)/g), ([, path = '', title]) => ({
      path,
      title,
    }));

    it('links to existing files, and to the tests that it names', async () => {
      const proofs = links.filter(({ title }) => title !== undefined);
      expect(proofs.length).toBeGreaterThanOrEqual(least.proofs);
      for (const { path } of links.filter(({ path }) => !path.startsWith('#')))
        await expect(stat(new URL(path.replace(/#.*/, ''), address)), path).resolves.toBeDefined();
      for (const { path, title } of proofs)
        expect(await readFile(new URL(path, address), 'utf8'), path).toContain(title);
    });

    it('links to its own sections', () => {
      const sections = Array.from(
        page.matchAll(/^## (.+)$/gm),
        ([, title = '']) => `#${title.toLowerCase().replaceAll(' ', '-')}`,
      );
      const wanted = links.map(({ path }) => path).filter((path) => path.startsWith('#'));
      expect(wanted.length).toBeGreaterThanOrEqual(least.sections);
      for (const section of wanted) expect(sections).toContain(section);
    });
  });
