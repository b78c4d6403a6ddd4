/**
 * The scripts: one for each transition, every one with `record.lua` before it. A completion first does what is
 * most frequent, which doesn't need that. Redis knows a script by the SHA-1 of its text.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { texts } from './scripts.generated.ts';

/** A script as the server gets it. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/**
 * The flags that the server gets with a script. Without a flag, it runs when memory is full until it first needs more:
 * replays are still answered then, and what would add a record, a step or a result is refused. `allow-oom` is for
 * what hardly takes memory and must not fail: to end or keep what was begun.
 */
type Flag = 'allow-oom' | 'no-writes';

/** A script's text is one file of the folder `scripts`, or several. */
type FileName = keyof typeof texts;

const complete = ['complete-first', 'record', 'complete'] as const satisfies FileName[];

/** Every script by what it does; see the head of its file. */
export const scripts = {
  claim: script('claim'),
  renew: script('renew', 'allow-oom'),
  complete: made(complete),
  completeWhenFull: made(complete, 'allow-oom'),
  release: script('release', 'allow-oom'),
  abandon: script('abandon', 'allow-oom'),
  saveStep: script('save-step'),
  resolve: script('resolve', 'allow-oom'),
  read: script('read', 'no-writes'),
  erase: script('erase', 'allow-oom'),
} as const satisfies Readonly<Record<string, Script>>;

function script(name: FileName, flag?: Flag): Script {
  return made(['record', name], flag);
}

function made(parts: readonly FileName[], flag?: Flag): Script {
  const head = flag === undefined ? '' : `#!lua flags=${flag}\n`;
  const source = head + parts.map((name) => texts[name]).join('\n');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
