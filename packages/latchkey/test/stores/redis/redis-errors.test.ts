import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { toStoreError } from '../../../src/stores/redis/errors.ts';

it.each(['OOM command not allowed', 'WRONGTYPE Operation against a key', 'READONLY replica'])(
  'hands on the words of "%s" without the arguments of its command',
  (words) => {
    const error = Object.assign(new Error(words), { command: { name: 'evalsha', args: ['secret body'] } });
    const handedOn = inspect(toStoreError(error), { depth: 10 });
    expect(handedOn).toContain(words);
    expect(handedOn).not.toContain('secret body');
  },
);
