import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { idempotency } from '../../../latchkey/src/adapters/express.ts';
import { acp, ietf, stripe, ucp } from '../../../latchkey/src/dialects/index.ts';
import { memoryStore } from '../../../latchkey/src/stores/memory/index.ts';
import { listen } from '../../../latchkey/test/adapters/apps/server.ts';
import { graded, rowsThat } from '../conformance/graded.ts';

const guards = {
  ietf: () => guardOf({ dialect: ietf }),
  stripe: () => guardOf({ dialect: stripe }),
  acp: () => guardOf({ dialect: acp, afterFailure: 'rerun', key: { required: true } }),
  ucp: () => guardOf({ dialect: ucp, fingerprint: { body: 'bytes' } }),
} as const;

type Options = Omit<Parameters<typeof idempotency>[0], 'store' | 'principal'>;

function guardOf(options: Options) {
  return idempotency({ store: memoryStore(), log: false, principal: () => 'tenant', ...options });
}

type Profile = keyof typeof guards;

/** Starts an application with a guard in a dialect, and its contract at /contract. */
async function start(profile: Profile) {
  const guard = guards[profile]();
  let executions = 0;
  const app = express();
  app.get('/contract', async (_, response) => void response.json(await guard.contract()));
  app.get('/count', (_, response) => void response.json(executions));
  app.post('/charges', guard, express.json(), async (request, response) => {
    executions += 1;
    const id = executions;
    await sleep(Number(request.get('x-delay') ?? 0));
    if (request.get('x-answer') === 'broken') response.status(500).send('broken');
    else response.status(201).json({ id });
  });
  return listen(createServer(app));
}

function argsFor(origin: string): readonly string[] {
  return [
    `${origin}/charges`,
    ...['--body', '{"amount":2000,"items":[1,2]}', '--count-url', `${origin}/count`],
    ...['--variant', 'slow={"headers":{"X-Delay":"700"}}', '--variant', 'broken={"headers":{"X-Answer":"broken"}}'],
  ];
}

/** Grades an application of one dialect by a profile, or by its contract. */
async function gradeBy(args: (origin: string) => readonly string[], profile: Profile) {
  const { origin, close } = await start(profile);
  try {
    return await graded([...argsFor(origin), ...args(origin)]);
  } finally {
    await close();
  }
}

const profiles = Object.keys(guards) as readonly Profile[];

describe.concurrent('a guard in a dialect', () => {
  it.each(profiles)('passes by its own contract: %s', async (profile) => {
    const report = await gradeBy((origin) => ['--contract', `${origin}/contract`], profile);
    expect(rowsThat('failed', report)).toEqual([]);
    expect(report.claims).toMatchObject({ profile, retentionMs: 86_400_000, maxBodyBytes: expect.any(Number) });
    expect(rowsThat('passed', report)).toEqual(
      expect.arrayContaining(['R8', 'R17', 'R27', 'R28', 'R55', 'R63', 'R76']),
    );
  });

  it.each(profiles)('passes by the profile of the same name: %s', async (profile) => {
    const report = await gradeBy(() => ['--profile', profile], profile);
    expect(rowsThat('failed', report)).toEqual([]);
    expect(rowsThat('passed', report)).toEqual(expect.arrayContaining(['R17', 'R27', 'R28', 'R63']));
  });

  it.each(profiles.filter((profile) => profile !== 'ietf'))(
    'does not pass by the profile ietf: %s',
    async (profile) => {
      const report = await gradeBy(() => ['--rows', 'R17,R27,R63', '--key', 'optional'], profile);
      const wrong = [...rowsThat('failed', report), ...rowsThat('not-seen', report)];
      // The status of acp is that of the draft; only the form of its errors differs.
      expect(wrong).toEqual(profile === 'acp' ? ['R63'] : ['R17', 'R27', 'R63']);
    },
  );
});
