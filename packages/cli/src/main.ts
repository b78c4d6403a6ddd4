#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { exitCodes } from './invocation.ts';
import { run } from './program.ts';

const { stdin, stdout, stderr, env } = process;
// The reader of a pipe, such as head, may end first.
stdout.on('error', (error) => {
  if (!('code' in error && error.code === 'EPIPE')) throw error;
});
process.exitCode = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  now: Date.now,
  exitCode: exitCodes.done,
});
