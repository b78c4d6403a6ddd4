import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { Report } from '../../src/conformance/reports/report.ts';
import { exitCodes } from '../../src/invocation.ts';
import { run } from '../../src/program.ts';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

class Sink extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

/** Runs `latchkey conformance` in this process. */
export async function runConformance(args: readonly string[], terminal: { isTTY?: boolean } = {}): Promise<Ran> {
  const [stdout, stderr] = [new Sink(), Object.assign(new Sink(), terminal)];
  const streams = { stdin: Readable.from([]), stdout, stderr };
  const code = await run(['conformance', ...args], { ...streams, env: {}, now: Date.now, exitCode: exitCodes.done });
  return { code, out: stdout.text, errors: stderr.text };
}

/** Runs it, and returns its report too. */
export async function graded(args: readonly string[]): Promise<Ran & { readonly report: Report }> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-conformance-'));
  try {
    const file = join(folder, 'report.json');
    const ran = await runConformance([...args, '--json', file]);
    if (ran.code > 1) throw new Error(ran.errors);
    return { ...ran, report: JSON.parse(readFileSync(file, 'utf8')) as Report };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The rows of a report that have an outcome. */
export function rowsThat(outcome: string, { results }: Report): readonly string[] {
  return results.filter((result) => result.outcome === outcome).map(({ row }) => row);
}
