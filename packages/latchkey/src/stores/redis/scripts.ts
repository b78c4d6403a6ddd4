/**
 * The scripts: one for each transition, each preceded by `record.lua`. The completion handles the most frequent case
 * first, which does not need it. Redis identifies a script by the SHA-1 of its text.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { texts } from './scripts.generated.ts';

/** A script as it is sent to the server. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/**
 * The flags of a script. Without a flag, a script runs with full memory until it first needs more: replays are still
 * answered, while writes of a record, a step or a result are refused. `allow-oom` is for scripts that need hardly any
 * memory and must not fail, because they end or keep a running operation.
 */
type Flag = 'allow-oom' | 'no-writes';

/** The text of a script is one or more files of the folder `scripts`. */
type FileName = keyof typeof texts;

const complete = ['complete-first', 'record', 'complete'] as const satisfies FileName[];

/** The scripts by name; each file documents its arguments and replies. */
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
