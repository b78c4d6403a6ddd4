import type { Report } from '../../src/conformance/reports/report.ts';
import { runCli } from '../run-cli.ts';

/** Runs `latchkey conformance`, and returns its report. */
export async function graded(args: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await runCli(['conformance', ...args, '--json']);
  if (code > 1) throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}

/** The rows of a report that have an outcome. */
export function rowsThat(outcome: string, { results }: Report): readonly string[] {
  return results.filter((result) => result.outcome === outcome).map(({ row }) => row);
}
