// Tests the package that is installed in the current folder, together with express: the first example of the
// documentation charges once, also across a kill of its process. It needs no other package, and runs on every system.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cwd, execPath } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const example = fileURLToPath(new URL('../examples/quick-start/first.ts', import.meta.url));
const key = '8e03978e-40d5-43dd-bc93-6894a57f9324';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** @param {string} url */
async function untilUp(url) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await fetch(url).then(Boolean, () => false)) return;
    await pause(100);
  }
  throw new Error(`${url} did not come up`);
}

/**
 * @param {string} url
 * @param {number} amount
 */
async function charge(url, amount) {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ amount }) });
  return [response.status, response.headers.get('idempotency-status'), await response.json()];
}

/** @param {(url: string) => Promise<void>} use */
async function withServer(use) {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), DATABASE: 'smoke.db' };
  // Node runs TypeScript without a flag since 22.18.
  const flags = process.features.typescript ? [] : ['--experimental-strip-types'];
  const args = ['--no-warnings', ...flags, 'smoke.ts'];
  const server = spawn(execPath, args, { env, stdio: 'inherit' });
  try {
    await untilUp(`http://127.0.0.1:${port}/`);
    await use(`http://127.0.0.1:${port}/charges`);
  } finally {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
}

copyFileSync(example, `${cwd()}/smoke.ts`);
const answer = { charge: 1, amount: 2000 };
await withServer(async (url) => {
  assert.deepEqual(await charge(url, 2000), [201, 'executed', answer]);
  assert.deepEqual(await charge(url, 2000), [201, 'replayed', answer]);
  assert.equal((await charge(url, 3000))[0], 422);
});
await withServer(async (url) => assert.deepEqual(await charge(url, 2000), [201, 'replayed', answer]));
console.log('The package runs an operation once, and replays its answer after a kill.');
