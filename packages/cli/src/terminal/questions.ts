/**
 * Questions to the person at the terminal. They go to standard error, so that standard output stays clean.
 *
 * @module
 */

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Invocation } from '../invocation.ts';

/** Asks one question; undefined at Ctrl-C or at the end of the input. */
export type Ask = (question: string) => Promise<string | undefined>;

/** Whether a person can answer. */
export function hasPerson({ stdin, stderr }: Invocation): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/** Asks questions, one after another. */
export async function converse<T>(invocation: Invocation, talk: (ask: Ask) => Promise<T>): Promise<T> {
  const lines = createInterface({ input: invocation.stdin, output: invocation.stderr, terminal: true });
  lines.on('SIGINT', () => lines.close());
  try {
    return await talk(asking(lines));
  } finally {
    lines.close();
  }
}

function asking(lines: ReturnType<typeof createInterface>): Ask {
  // Several lines can arrive at once, when they are pasted: the iterator keeps those whose question is still to come.
  const answers = lines[Symbol.asyncIterator]();
  let isOpen = true;
  lines.once('close', () => {
    isOpen = false;
  });
  return async (question) => {
    lines.setPrompt(question);
    if (isOpen) lines.prompt();
    const { done, value } = await answers.next();
    return done === true ? undefined : value;
  };
}

/** Reads one line from standard input. A terminal does not show it. */
export async function readSecretLine({ stdin, stderr }: Invocation, question: string): Promise<string> {
  const isTerminal = stdin.isTTY === true;
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, ...(isTerminal && { output: hidden, terminal: true }) });
  lines.on('SIGINT', () => lines.close());
  // The terminal shows what is typed until the interface exists, so the question comes after it.
  if (isTerminal) stderr.write(question);
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    if (isTerminal) stderr.write('\n');
  }
}
