import type { Invocation } from '../invocation.ts';
import { jsonText } from './text.ts';

/** Prints lines on standard output. */
export function print({ stdout }: Invocation, lines: readonly string[]): void {
  stdout.write(`${lines.join('\n')}\n`);
}

/** Prints a value as JSON on standard output. */
export function printJson({ stdout }: Invocation, value: unknown): void {
  stdout.write(`${jsonText(value)}\n`);
}

/** Prints a line on standard error: what is neither asked for nor a failure. */
export function note({ stderr }: Invocation, line: string): void {
  stderr.write(`${line}\n`);
}
