import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const address = new URL('../../../../docs/threat-model.md', import.meta.url);
const rows = readFileSync(address, 'utf8')
  .split('\n')
  .filter((line) => /^\| (?!attack|---)/.test(line))
  .map((line) => line.split(' | '))
  .map(([attack = '', , tests = '']) => ({ attack: attack.slice(2), tests }));

describe('each attack of docs/threat-model.md', () => {
  it.each(rows)('$attack: names tests that exist', ({ tests }) => {
    const named = Array.from(tests.matchAll(/\]\((\S+) "([^"]+)"\)/g), ([, file = '', title = '']) => ({
      file,
      title,
    }));
    expect(named.length).toBeGreaterThan(0);
    for (const { file, title } of named) {
      // The title is the first argument of a call, on the same line or on the next one.
      const text = readFileSync(new URL(file, address), 'utf8').replaceAll(/\(\s+/g, '(');
      const isTitle = ["'", '"', '`'].some((quote) => text.includes(`(${quote}${title}${quote}`));
      expect(isTitle, `${file} ${title}`).toBe(true);
    }
  });

  it('is one of many', () => {
    expect(rows.length).toBeGreaterThan(30);
  });
});
