/**
 * Runs the server, and runs it again whenever it was killed: the checkout page kills it on purpose, and `kill -9`
 * may be tried by hand. Everything else that ends the server ends this process too, with the same exit code.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const server = fileURLToPath(new URL('server.ts', import.meta.url));
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let child = start();

function start(): ChildProcess {
  const started = fork(server);
  started.once('exit', (code, signal) => {
    if (signal !== 'SIGKILL') process.exit(code ?? 1);
    console.log('The server was killed; starting it again.');
    child = start();
  });
  return started;
}

for (const signal of signals) process.on(signal, () => child.kill('SIGTERM'));
