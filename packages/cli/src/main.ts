#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { exitCodes } from './invocation.ts';
import { run } from './program.ts';

const { stdin, stdout, stderr, env } = process;
let failure: NodeJS.ErrnoException | undefined;
for (const stream of [stdout, stderr])
  stream.on('error', (error) => {
    failure ??= error;
  });
const exitCode = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  now: Date.now,
  exitCode: exitCodes.done,
});
for (const stream of [stdout, stderr]) await new Promise((written) => stream.write('', written));
// The reader of a pipe, such as head, may end first.
const isUnwritten = failure !== undefined && failure.code !== 'EPIPE';
if (isUnwritten)
  stderr.write(`latchkey: The output could not be written: ${failure?.code}. The command ended with ${exitCode}.\n`);
// A connection to a server that no longer answers would keep the process alive.
process.exit(isUnwritten && exitCode <= exitCodes.found ? exitCodes.unwritten : exitCode);
