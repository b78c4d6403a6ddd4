#!/usr/bin/env node
import { exitCodes } from './invocation.ts';
import { run } from './program.ts';

const { stdin, stdout, stderr, env } = process;
process.exitCode = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  now: Date.now,
  exitCode: exitCodes.done,
});
