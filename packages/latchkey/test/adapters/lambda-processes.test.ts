import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { LambdaEvent } from '../../src/adapters/lambda.ts';
import { pause, until } from '../../src/testing/adapter-suite/world.ts';
import { type RedisServer, startRedis } from '../servers/redis-server.ts';
import { isSelected } from '../servers/selected.ts';
import { Container } from './apps/local-lambda.ts';

function eventOf(path: '/refuse' | '/rerun', body = 'hangs'): LambdaEvent {
  const headers = { 'idempotency-key': 'k-1', 'content-type': 'text/plain' };
  return { rawPath: path, rawQueryString: '', headers, requestContext: { http: { method: 'POST' } }, body };
}

/** Containers of one function, which are killed at the end of the test. */
function functionOn({ port }: RedisServer, leaseMs: number, { onTestFinished }: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-lambda-'));
  const effects = join(folder, 'effects');
  const released = join(folder, 'released');
  const storeUrl = `redis://127.0.0.1:${port}/0?prefix=${crypto.randomUUID()}:`;
  const containers: Container[] = [];
  onTestFinished(async () => {
    for (const container of containers) await container.kill();
    rmSync(folder, { recursive: true });
  });
  const noted = () => (existsSync(effects) ? readFileSync(effects, 'utf8').trim().split('\n') : []);
  return {
    noted,
    container: async () => {
      const container = await Container.start({ storeUrl, leaseMs, effects, released });
      containers.push(container);
      return container;
    },
    release: () => writeFileSync(released, ''),
    untilItWaits: () => until(() => noted().includes('waits')),
  };
}

const answers = (status: number, body: unknown) => ({ statusCode: status, body });
const problem = (status: number, code: string) => answers(status, expect.stringContaining(`"code":"${code}"`));
const longerThanAnyTestMs = 600_000;
const timeoutMs = 4_000;

// Redis, since containers share a server: a process that is frozen in mid-write keeps an SQLite file locked.
describe.runIf(isSelected('redis'))('containers', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(() => redis.stop());

  it.concurrent('after a timeout, the next attempt resumes without waiting for the lease', async (test) => {
    const { container, noted } = functionOn(redis, longerThanAnyTestMs, test);
    const [first, second] = await Promise.all([container(), container()]);
    expect(await first.invoke(eventOf('/rerun'), timeoutMs)).toBe('timed out');
    expect(await second.invoke(eventOf('/rerun'))).toMatchObject(answers(201, 'attempt 2'));
    expect(noted()).toEqual(['charged', 'waits', 'mailed']);
  });

  it.concurrent('after a timeout under refuse, the outcome is unknown at once', async (test) => {
    const { container, noted } = functionOn(redis, longerThanAnyTestMs, test);
    const [first, second] = await Promise.all([container(), container()]);
    expect(await first.invoke(eventOf('/refuse'), timeoutMs)).toBe('timed out');
    expect(await second.invoke(eventOf('/refuse'))).toMatchObject(problem(409, 'outcome-unknown'));
    expect(noted()).toEqual(['charged', 'waits']);
  });

  it.concurrent('a container that is killed before its margin holds its key for the rest of the lease', async (test) => {
    const { container, noted, untilItWaits } = functionOn(redis, longerThanAnyTestMs, test);
    const [first, second] = await Promise.all([container(), container()]);
    const killed = first.invoke(eventOf('/rerun'));
    await untilItWaits();
    await first.kill();
    expect(await killed).toBe('timed out');
    expect(await second.invoke(eventOf('/rerun'))).toMatchObject(problem(409, 'in-progress'));
    expect(noted()).toEqual(['charged', 'waits']);
  });

  it.concurrent('a container that wakes after its lease is fenced', async (test) => {
    const leaseMs = 2_000;
    const { container, noted, release, untilItWaits } = functionOn(redis, leaseMs, test);
    const [first, second] = await Promise.all([container(), container()]);
    const frozen = first.invoke(eventOf('/rerun'));
    await untilItWaits();
    first.freeze();
    await pause(leaseMs + 100);
    expect(await second.invoke(eventOf('/rerun'))).toMatchObject(answers(201, 'attempt 2'));
    release();
    first.thaw();
    expect(await frozen).toMatchObject(problem(409, 'in-progress'));
    expect(await first.invoke(eventOf('/rerun'))).toMatchObject(answers(201, 'attempt 2'));
    expect(noted()).toEqual(['charged', 'waits', 'mailed']);
  });

  it.concurrent('a container that is frozen after its answer serves the next event', async (test) => {
    const leaseMs = 2_000;
    const { container, noted } = functionOn(redis, leaseMs, test);
    const warm = await container();
    const ends = eventOf('/refuse', 'ends');
    const first = await warm.invoke(ends);
    await pause(leaseMs + 100);
    expect([first, await warm.invoke(ends)]).toEqual(Array(2).fill(expect.objectContaining(answers(201, 'attempt 1'))));
    expect(await warm.invoke(eventOf('/refuse', 'other'))).toMatchObject(problem(422, 'key-reused'));
    expect(noted()).toEqual(['charged', 'mailed']);
  });
});
