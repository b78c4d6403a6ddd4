import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** Each event of the type, with its members in their order. */
function eventsOf(source: string): Readonly<Record<string, readonly string[]>> {
  const union = source.slice(source.indexOf('type Happening ='), source.indexOf('export type EventListener'));
  const events = Array.from(union.matchAll(/\| \{([^}]*)\}/g), ([, body = '']) => {
    const type = body.match(/type: '([^']+)'/)?.[1] ?? '';
    const members = Array.from(body.matchAll(/readonly (\w+):/g), ([, name = '']) => name);
    return [type, members.filter((name) => name !== 'type')] as const;
  });
  return Object.fromEntries(events);
}

it('docs/events.md lists every event with its members, and no other', () => {
  const rows = Array.from(
    read('../../../../docs/events.md').matchAll(/^\| `([a-z-]+)` \| [^|]* \| ([^|]*) \|[^|]*\|$/gm),
    ([, type = '', members = '']) => [type, Array.from(members.matchAll(/`(\w+)`/g), ([, name]) => name)] as const,
  );
  const events = eventsOf(read('../../src/core/events.ts'));
  expect(Object.keys(events).length).toBeGreaterThanOrEqual(18);
  expect(Object.fromEntries(rows)).toEqual(events);
});
