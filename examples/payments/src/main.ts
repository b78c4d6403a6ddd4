/**
 * Runs the card provider and the server, and restarts each when it was killed, by its pages or by hand. Any other end
 * of the server ends this process too, with the same exit code.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from './config.ts';
import { CardProviderProcess } from './provider/provider-process.ts';

const server = fileURLToPath(new URL('server.ts', import.meta.url));
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const provider = await CardProviderProcess.start(join(readConfig(process.env).dataFolder, 'provider'));
let child = start();

function start(): ChildProcess {
  const started = fork(server, { env: { ...process.env, CARD_PROVIDER: provider.url } });
  started.once('exit', (code, signal) => {
    if (signal !== 'SIGKILL') process.exit(code ?? 1);
    console.log('The server was killed; starting it again.');
    child = start();
  });
  return started;
}

for (const signal of signals) process.on(signal, () => child.kill('SIGTERM'));
process.once('exit', () => provider.stop());
