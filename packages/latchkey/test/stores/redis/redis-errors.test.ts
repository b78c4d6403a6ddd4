import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { toStoreError } from '../../../src/stores/redis/errors.ts';

it.each(['OOM command not allowed', 'WRONGTYPE Operation against a key', 'READONLY replica'])(
  `passes on the message "%s" without the command's arguments`,
  (words) => {
    const error = Object.assign(new Error(words), { command: { name: 'evalsha', args: ['secret body'] } });
    const handedOn = inspect(toStoreError(error), { depth: 10 });
    expect(handedOn).toContain(words);
    expect(handedOn).not.toContain('secret body');
  },
);
