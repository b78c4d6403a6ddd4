/** The history that processes write: one line per event, appended at once, so that a kill loses none. */

import { Buffer } from 'node:buffer';
import { fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { RunEvent } from './events.ts';

export type WriteLine = (event: RunEvent) => void;

/** Any number of processes may append to one file. */
export function openLog(path: string): WriteLine {
  const file = openSync(path, 'a');
  return (event) => {
    writeSync(file, `${JSON.stringify(event)}\n`);
  };
}

/** Reads the lines appended since the last call, and returns all lines. */
export function logReader(path: string): () => readonly RunEvent[] {
  const file = openSync(path, 'a+');
  const events: RunEvent[] = [];
  let position = 0;
  let rest = '';
  return () => {
    const piece = Buffer.alloc(fstatSync(file).size - position);
    position += readSync(file, piece, 0, piece.length, position);
    const lines = (rest + piece.toString()).split('\n');
    rest = lines.pop() ?? '';
    events.push(...lines.map((line): RunEvent => JSON.parse(line)));
    return events;
  };
}
