import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)));

const prologue = `
import { idempotent, systemRuntime } from ${source('index.ts')};
import { operator } from ${source('operator/index.ts')};
import { completer } from ${source('completer/index.ts')};
import { memoryStore } from ${source('stores/memory/index.ts')};
import { sqliteStore } from ${source('stores/sqlite/index.ts')};
import { faultyStore } from ${source('testing/index.ts')};
const { store, faults } = faultyStore(memoryStore());
const ship = (options, fn = async (order) => order) => idempotent(fn, { store, name: 'ship', key: (order) => order, ...options });
const tell = (call) => call.then((value) => console.log('done', value), (error) => {
  console.log('failed', error.code);
  process.exitCode = 1;
});
`;

/** Runs a job that only the library keeps alive; returns its output and its exit code. */
async function job(body: string) {
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', prologue + body], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  return { output: output.trim(), code };
}

describe('a process with a pending call of an idempotent function does not end', () => {
  it('while the store is unavailable, until the call has failed', async () => {
    const away = `faults.plan(() => ({ kind: 'fail' })); void tell(ship({ timing: { claimTimeoutMs: 300, leaseMs: 500 } })('o-1'));`;
    expect(await job(away)).toEqual({ output: 'failed store-unavailable', code: 1 });
  });

  it('while a call of the store hangs', async () => {
    const hangs = `faults.plan(() => ({ kind: 'hang' })); void tell(ship({ timing: { claimTimeoutMs: 300, leaseMs: 500 } })('o-1'));`;
    expect(await job(hangs)).toEqual({ output: 'failed store-unavailable', code: 1 });
  });

  it('while it waits for another call', async () => {
    const waits = `
      void ship({}, () => new Promise(() => {}))('o-1');
      await new Promise((resolve) => setTimeout(resolve, 50));
      setTimeout(() => process.exit(), 20_000).unref();
      void tell(ship({ whenRunning: { waitMs: 500 } })('o-1')).finally(() => process.exit());`;
    expect(await job(waits)).toEqual({ output: 'failed in-progress', code: 1 });
  });

  it('while its handler runs', async () => {
    const runs = `
      const slow = () => new Promise((resolve) => setTimeout(resolve, 400, 'slow').unref());
      void tell(ship({}, slow)('o-1'));`;
    expect(await job(runs)).toEqual({ output: 'done slow', code: 0 });
  });

  it('while its result is stored', async () => {
    const stores = `faults.next('complete', { kind: 'fail' }, 4); void tell(ship({})('o-1'));`;
    expect(await job(stores)).toEqual({ output: 'done o-1', code: 0 });
  });
});

it('a process with a pending call of an operator does not end before the call has failed', async () => {
  const hangs = `
    const hanging = Object.assign(memoryStore(), { list: () => new Promise(() => {}) });
    const runtime = { ...systemRuntime, timers: { ...systemRuntime.timers,
      set: (callback, delayMs, kind) => systemRuntime.timers.set(callback, delayMs / 50, kind) } };
    void tell(operator({ store: hanging, runtime }).list({ state: 'lapsed', limit: 5 }));`;
  expect(await job(hangs)).toEqual({ output: 'failed store-unavailable', code: 1 });
});

describe('a process with nothing pending ends', () => {
  it('after an answered call of an operator, which leaves no timer', async () => {
    const answered = `
      const pending = new Set();
      const timers = { ...systemRuntime.timers,
        set: (...args) => { const handle = systemRuntime.timers.set(...args); pending.add(handle); return handle; },
        clear: (handle) => { pending.delete(handle); systemRuntime.timers.clear(handle); } };
      await operator({ store, runtime: { ...systemRuntime, timers } }).list({ state: 'lapsed', limit: 5 });
      console.log('timers', pending.size);`;
    expect(await job(answered)).toEqual({ output: 'timers 0', code: 0 });
  });

  it('with a store that sweeps, after its last call', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-'));
    const database = JSON.stringify(join(folder, 'jobs.db'));
    const idle = `await tell(ship({ store: sqliteStore({ database: ${database} }) })('o-1'));`;
    expect(await job(idle)).toEqual({ output: 'done o-1', code: 0 });
    await rm(folder, { recursive: true });
  });

  it('once its completer is closed, and not before', async () => {
    const completes = `
      const operation = ship({ afterFailure: 'rerun', saveInput: true }).completable;
      const finishing = completer({ store, operations: [operation], intervalMs: 100 });
      setTimeout(() => { console.log('closing'); void finishing.close(); }, 500).unref();`;
    expect(await job(completes)).toEqual({ output: 'closing', code: 0 });
  });
});
