import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/core/context.ts';
import type { Outcome } from '../../src/core/operation.ts';
import { type Runtime, sleep } from '../../src/core/runtime.ts';
import type { OperationSettings } from '../../src/core/settings.ts';
import { markedStep } from '../../src/core/steps/saved-step.ts';
import { engineRig, operation, runResult, told } from './engine-rig.ts';

type Script = (
  step: (name: string, result?: unknown) => Promise<unknown>,
  context: Context,
  runtime: Pick<Runtime, 'timers'>,
) => Promise<unknown>;

/** Runs one script per attempt; all but the last one fail, and the record is released. */
async function attempts(settings: Partial<OperationSettings>, ...scripts: Script[]) {
  const rig = engineRig();
  const ran: string[] = [];
  const errors: unknown[] = [];
  const outcomes: Outcome[] = [];
  for (const [index, script] of scripts.entries()) {
    const run = rig.worker().run(operation({ afterFailure: 'rerun', ...settings }), async (context) => {
      const step = (name: string, result: unknown = name) =>
        context.step(name, () => {
          ran.push(name);
          if (result instanceof Error) throw result;
          return result;
        });
      await script(step, context, rig.runtime).catch((error: unknown) => errors.push(error));
      return runResult(index < scripts.length - 1 || errors.length > 0 ? 'failed' : 'done', 'x');
    });
    await rig.runtime.advance(50);
    outcomes.push(await run);
  }
  return { ...rig, ran, errors, outcomes: outcomes.map(told) };
}

const inOrder =
  (...names: string[]): Script =>
  async (step) => {
    for (const name of names) await step(name);
  };

describe('the order of steps', () => {
  it('resumes after the last saved step, in loops too', async () => {
    const lines = ['line 1', 'line 2', 'line 3'];
    const { ran, errors } = await attempts({}, inOrder('begin', 'line 1', 'line 2'), inOrder('begin', ...lines, 'end'));
    expect(errors).toEqual([]);
    expect(ran).toEqual(['begin', 'line 1', 'line 2', 'line 3', 'end']);
  });

  it('may differ for concurrent steps', async () => {
    const chains =
      (first: string[], second: string[]): Script =>
      (...given) =>
        Promise.all([inOrder(...first)(...given), inOrder(...second)(...given)]);
    const { ran, errors } = await attempts(
      {},
      chains(['a 1', 'a 2', 'a 3'], ['b 1']),
      chains(['b 1', 'b 2'], ['a 1', 'a 2', 'a 3', 'a 4']),
      chains(['a 1', 'a 2', 'a 3', 'a 4'], ['b 1', 'b 2', 'b 3']),
    );
    expect(errors).toEqual([]);
    expect(ran.toSorted()).toEqual(['a 1', 'a 2', 'a 3', 'a 4', 'b 1', 'b 2', 'b 3']);
  });

  it('lets a slow step that was concurrent with saved ones run first at the next attempt', async () => {
    const stuck = new Promise<never>(() => {});
    const together =
      (slow: unknown): Script =>
      (step) =>
        Promise.race([step('slow', slow), Promise.all([step('quick'), step('quicker')])]);
    const { ran, errors } = await attempts({}, together(stuck), together('done'), inOrder('slow', 'quick', 'quicker'));
    expect(errors).toEqual([]);
    expect(ran).toEqual(['slow', 'quick', 'quicker', 'slow']);
  });

  it('lets a failed step be retried before its fallback', async () => {
    const withFallback: Script = async (step) => {
      await step('card', new Error('declined')).catch(() => step('invoice'));
    };
    const { ran, errors } = await attempts({}, withFallback, withFallback);
    expect(errors).toEqual([]);
    expect(ran).toEqual(['card', 'invoice', 'card']);
  });

  describe('concurrent with a chain that has a fallback for a failed step', () => {
    /** The card is declined after some time, and the invoice is the fallback. */
    const beside =
      (declinedAfterMs: number, last: Script, ...names: string[]): Script =>
      async (step, context, { timers }) => {
        const card = () => sleep(timers, declinedAfterMs).then(() => Promise.reject(new Error('declined')));
        const paying = context.step('card', card).catch(() => step(names.shift() ?? ''));
        const slow = context.step('reserve', () => sleep(timers, 10));
        await Promise.all([paying, slow.then(() => last(step, context, { timers }))]);
      };
    const fails: Script = (step) => step('send', new Error('not yet'));

    it('waits while the failed step is retried', async () => {
      const { ran, errors } = await attempts({}, beside(0, fails, 'invoice'), beside(20, inOrder('send'), 'invoice'));
      expect(errors).toMatchObject([{ message: 'not yet' }]);
      expect(ran).toEqual(['invoice', 'send', 'send']);
    });

    it('is refused once it is clear that the fallback is not called', async () => {
      const { ran, errors } = await attempts({}, beside(0, fails, 'invoice'), beside(20, inOrder('send'), 'bill'));
      expect(errors).toMatchObject([{ message: 'not yet' }, { code: 'steps-changed' }]);
      expect(ran).toEqual(['invoice', 'send']);
    });
  });

  for (const [what, names] of [
    ['another order', ['charge', 'reserve', 'write']],
    ['a new step before a saved one', ['check', 'reserve', 'charge']],
    ['a new name for a saved step', ['reserve', 'charge card', 'write']],
  ] as const) {
    it(`detects ${what} by name, and runs no further step`, async () => {
      const { ran, errors, outcomes } = await attempts({}, inOrder('reserve', 'charge'), inOrder(...names));
      expect(errors).toMatchObject([{ code: 'steps-changed' }]);
      expect(String(errors[0])).toMatch(/"(reserve|charge)", which an earlier attempt/);
      expect(ran).toEqual(['reserve', 'charge']);
      expect(outcomes).toEqual(['executed released', 'executed lapsed']);
    });
  }

  it('does not keep a failure of changed code: the former code can continue, or a person decides', async () => {
    const changed = inOrder('reserve', 'charge card');
    const { ran, outcomes, memory, worker } = await attempts({ maxAttempts: 2 }, inOrder('reserve', 'charge'), changed);
    expect(outcomes.at(-1)).toBe('executed lapsed');
    expect(await memory.read(operation().id)).toMatchObject({ state: 'lapsed', attempt: 2 });
    const former = worker().run(operation({ afterFailure: 'rerun' }), async (context) => {
      for (const name of ['reserve', 'charge', 'write']) await context.step(name, () => ran.push(name));
      return runResult('done', 'x');
    });
    expect(told(await former)).toBe('executed stored');
    expect(ran).toEqual(['reserve', 'charge', 'write']);
  });

  it('calls no step inside a saved one at any depth, and continues after it', async () => {
    const nested: Script = async (step, context) => {
      const within = (name: string, fn: () => Promise<unknown>) => context.step(name, fn);
      await step('reserve');
      await within('parcels', async () => {
        await within('parcel', () => step('label'));
        await step('stamp');
      });
      await step('mail');
    };
    const { ran, errors, events } = await attempts({}, nested, async (step, context, runtime) => {
      await nested(step, context, runtime);
      await step('log');
    });
    expect(errors).toEqual([]);
    expect(ran).toEqual(['reserve', 'label', 'stamp', 'mail', 'log']);
    expect(events.filter(({ type }) => type === 'steps-unasked')).toEqual([]);
  });

  it('detects a renamed step that is nested or concurrent', async () => {
    const inside =
      (name: string, last: unknown): Script =>
      (step, context) =>
        context.step('parcels', async () => {
          await step(name);
          await step('stamp', last);
        });
    const beside =
      (name: string): Script =>
      (step) =>
        Promise.all([step(name), step('invoice')]);
    for (const [first, second] of [
      [inside('label', new Error('no stamps')), inside('sticker', 'stamp')],
      [beside('label'), beside('sticker')],
    ] as const) {
      const { ran, errors } = await attempts({}, first, second);
      expect(errors.at(-1)).toMatchObject({ code: 'steps-changed' });
      expect(ran).not.toContain('sticker');
    }
  });

  it('reports saved steps that were never called', async () => {
    const { events, outcomes } = await attempts({}, inOrder('reserve', 'charge'), inOrder('reserve'));
    expect(outcomes.at(-1)).toBe('executed stored');
    expect(events).toContainEqual(expect.objectContaining({ type: 'steps-unasked', steps: ['charge'] }));
  });
});

describe('the limits of steps', () => {
  it('refuses one step too many before it runs', async () => {
    const { ran, errors } = await attempts({ maxSteps: 2 }, inOrder('a', 'b', 'c'));
    expect(errors).toMatchObject([{ code: 'too-many-steps' }]);
    expect(ran).toEqual(['a', 'b']);
  });

  it('counts failed steps, and a retried name once', async () => {
    const fails = new Error('busy');
    const { ran, errors } = await attempts({ maxSteps: 2 }, async (step) => {
      for (const name of ['try 1', 'try 1', 'try 2', 'try 3']) {
        await step(name, fails).catch((error: unknown) => {
          if (error !== fails) throw error;
        });
      }
    });
    expect(errors).toMatchObject([{ code: 'too-many-steps' }]);
    expect(ran).toEqual(['try 1', 'try 1', 'try 2']);
  });

  it('refuses a result that is too large, and does not save it', async () => {
    const { errors, memory } = await attempts({ maxStepBytes: 10 }, async (step) => {
      await step('nine', '1234567');
      await step('eleven', '123456789');
    });
    expect(errors).toMatchObject([{ code: 'step-too-large' }]);
    const record = await memory.read(operation().id);
    expect([...(record?.steps.keys() ?? [])]).toEqual(['nine']);
  });

  for (const name of ['', 'x'.repeat(201), '\u0001started charge', 'two\nlines']) {
    it(`refuses the name ${JSON.stringify(name.slice(0, 20))}`, async () => {
      const { errors, ran } = await attempts({}, inOrder(name));
      expect(errors).toMatchObject([{ code: 'step-name-invalid' }]);
      expect(ran).toEqual([]);
    });
  }
});

describe('marks of starts', () => {
  it('are saved before a step runs, if the option is set', async () => {
    const fails: Script = (step) => step('charge', new Error('lost'));
    const marked = await attempts({ markStepStarts: true }, fails);
    const steps = (await marked.memory.read(operation().id))?.steps ?? new Map();
    expect([...steps.keys()].map(markedStep)).toEqual(['charge']);
    const plain = await attempts({}, fails);
    expect((await plain.memory.read(operation().id))?.steps.size).toBe(0);
  });

  it('bind the record to its payload', async () => {
    const { worker } = await attempts({ markStepStarts: true }, (step) => step('charge', new Error('lost')));
    const other = worker().run(operation({ afterFailure: 'rerun' }, 'k', 'other payload'), async () =>
      runResult('done', ''),
    );
    expect(told(await other)).toBe('mismatch');
  });

  it('are not steps at the next attempt', async () => {
    const { ran, errors } = await attempts({ markStepStarts: true }, inOrder('a'), inOrder('a', 'b'));
    expect(errors).toEqual([]);
    expect(ran).toEqual(['a', 'b']);
  });
});
