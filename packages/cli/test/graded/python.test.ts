import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { freePort } from '../../../latchkey/test/servers/free-port.ts';
import { graded, rowsThat } from '../conformance/graded.ts';

const server = fileURLToPath(new URL('python_server.py', import.meta.url));
const answer = (name: string) => ['--variant', `${name}={"headers":{"X-Answer":"${name}"}}`];

it('grades an endpoint in another language, which it starts and kills', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-conformance-'));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  try {
    const report = await graded([
      ...[`${origin}/charges`, '--header', 'Authorization: Bearer one', '--body', '{"amount":2000,"items":[1,2]}'],
      ...['--count-url', `${origin}/count`],
      ...['--start-command', `exec python3 '${server}' ${port} '${join(folder, 'records.db')}'`],
      ...['--variant', 'slow={"headers":{"X-Delay":"700"}}', '--variant', 'elsewhere={"path":"/refunds"}'],
      ...['--variant', 'other={"headers":{"Authorization":"Bearer two"}}', '--variant', 'read={"path":"/count"}'],
      ...['declined', 'broken', 'binary'].flatMap(answer),
    ]);
    expect(rowsThat('failed', report)).toEqual([]);
    // It has no such answers.
    expect(rowsThat('not-seen', report)).toEqual(['R54', 'R56', 'R57', 'R80', 'R81']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
