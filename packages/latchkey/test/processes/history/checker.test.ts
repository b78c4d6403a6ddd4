import { describe, expect, it } from 'vitest';
import { ruleNames, violationsOf } from './checker.ts';
import type {
  ClaimedEvent,
  HandlerEvent,
  ProcessEvent,
  Run,
  RunEvent,
  SteppedEvent,
  Task,
  ToldEvent,
  WriteEvent,
} from './events.ts';

const task: Task = {
  key: 'k',
  tenant: 't',
  field: 'k',
  policy: 'refuse',
  doing: 'plain',
  payload: 'p',
  holdMs: 0,
  leaseMs: 100,
  whenRunning: 'reject',
};
const rerun: Task = { ...task, policy: 'rerun', doing: 'finish' };

const claimed = (at: number, attempt: number, rest: Partial<ClaimedEvent> = {}): ClaimedEvent => ({
  ...{ type: 'claimed', worker: attempt, id: 'i', token: `t${attempt}`, operationId: 'o', attempt, leaseMs: 100 },
  ...{ sentAt: at, at },
  ...rest,
});
const handler = (
  type: HandlerEvent['type'],
  at: number,
  attempt: number,
  note?: string,
  worker = attempt,
): HandlerEvent => ({
  ...{ type, worker, key: 'k', operationId: 'o', attempt, at },
  ...(note !== undefined && { note }),
});
const wrote = (
  method: WriteEvent['method'],
  at: number,
  attempt: number,
  rest: Partial<WriteEvent> = {},
): WriteEvent => ({
  ...{ type: 'write', method, id: 'i', token: `t${attempt}`, accepted: true, isFinal: method === 'complete' },
  ...{ sentAt: at, at },
  ...rest,
});
const told = (at: number, status: number, rest: Partial<ToldEvent> & { run?: string } = {}): ToldEvent => ({
  ...{ type: 'told', key: 'k', worker: 0, payload: 'p', status, code: undefined, stored: true, sentAt: at, at },
  ...{ fields: ['one', 'two'], retryAfter: status === 503 },
  body: JSON.stringify({ key: 'k', payload: 'p', run: rest.run ?? 'r1' }),
  ...rest,
});
const killed = (at: number, worker: number): ProcessEvent => ({ type: 'killed', worker, at });
const stepped = (at: number, ms: number): SteppedEvent => ({ type: 'stepped', ms, sentAt: at, at });

/** One execution, acknowledged and replayed. */
const good: readonly RunEvent[] = [
  claimed(0, 1),
  handler('began', 1, 1),
  handler('ended', 2, 1),
  wrote('complete', 3, 1),
  told(4, 201),
  told(5, 201),
];
/** The first worker hangs, and the second runs after the lease. */
const takenOver: readonly RunEvent[] = [
  claimed(0, 1),
  handler('began', 1, 1),
  claimed(150, 2),
  handler('began', 151, 2),
  handler('ended', 152, 2),
  wrote('complete', 153, 2),
  told(154, 201),
];

function broken(events: readonly RunEvent[], run: Partial<Run> = {}): readonly string[] {
  return violationsOf({ tasks: [task], events, effects: [], undisturbed: false, ...run }).map(({ rule }) => rule);
}

const withEffect = { tasks: [rerun], effects: ['k r1'] };

describe('the checker finds nothing wrong with', () => {
  it('a run without faults', () => {
    expect(broken(good, { undisturbed: true })).toEqual([]);
    expect(broken(good, { ...withEffect, undisturbed: true })).toEqual([]);
  });

  it('a takeover after the lease, whatever answer the first worker gets', () => {
    expect(broken(takenOver, withEffect)).toEqual([]);
    const refused = wrote('complete', 160, 1, { accepted: false });
    expect(broken([...takenOver, handler('ended', 159, 1), refused], withEffect)).toEqual([]);
  });

  it('a handler that ended within its lease, and another one after it', () => {
    const first = [claimed(0, 1), handler('began', 1, 1), handler('ended', 2, 1), wrote('release', 3, 1)];
    const second = [claimed(4, 2), handler('began', 5, 2), handler('ended', 6, 2), wrote('complete', 7, 2)];
    expect(broken([...first, ...second, told(8, 201)], withEffect)).toEqual([]);
  });

  it('writes under a token that claimed again after a takeover, as a later attempt', () => {
    const late = [claimed(0, 1), claimed(150, 2), claimed(300, 3, { token: 't1', worker: 1 })];
    const own = { token: 't1', worker: 1 };
    const run = [
      handler('began', 301, 3, undefined, 1),
      wrote('renew', 302, 1),
      handler('ended', 303, 3, undefined, 1),
    ];
    expect(broken([...late, ...run, wrote('complete', 304, 3, own), told(305, 201)], withEffect)).toEqual([]);
  });

  it('a write that may have been applied before the takeover', () => {
    const slow = wrote('saveStep', 160, 1, { sentAt: 149 });
    expect(broken([...takenOver, slow], withEffect)).toEqual([]);
  });

  it('a step that runs in a later attempt after an earlier one only marked it as begun', () => {
    const marked = [claimed(0, 1), handler('began', 1, 1), wrote('markStep', 2, 1), handler('ended', 3, 1)];
    const ran = [handler('began', 151, 2), handler('effect', 152, 2, 'a'), handler('ended', 153, 2)];
    const events = [...marked, wrote('release', 4, 1), claimed(150, 2), ...ran, wrote('complete', 154, 2)];
    expect(broken([...events, told(155, 201)], { tasks: [{ ...rerun, doing: 'step' }] })).toEqual([]);
  });

  it('a takeover before the end of the lease, when the store’s clock went forward', () => {
    const early = [claimed(0, 1), handler('began', 1, 1), stepped(10, 90), claimed(20, 2), handler('began', 21, 2)];
    expect(broken([...early, wrote('complete', 22, 2), told(23, 201)], withEffect)).toEqual([]);
  });

  it('a takeover after a step back and one forward, since the first one was in the lease that a renewal replaced', () => {
    const ahead = [claimed(10, 1), handler('began', 11, 1), stepped(12, -5_000)];
    const renewed = { ...wrote('renew', 20, 1), leaseMs: 100 };
    const early = [...ahead, renewed, stepped(25, 5_000), claimed(30, 2), handler('began', 31, 2)];
    expect(broken([...early, wrote('complete', 32, 2), told(33, 201)], withEffect)).toEqual([]);
  });

  it('an execution that begins after its takeover, since the clock’s step had ended its lease unseen', () => {
    const late = [claimed(20, 2), handler('began', 21, 2), { ...claimed(0, 1), at: 30 }, handler('began', 31, 1)];
    const events = [stepped(10, 5_000), ...late, handler('ended', 40, 2), wrote('complete', 41, 2), told(42, 201)];
    expect(broken(events, withEffect)).toEqual([]);
    expect(broken(events.slice(1), withEffect)).toContain('I1: two executions under one lease');
  });

  it('a takeover when it is unknown whether a lease was set before its clock went back', () => {
    const lapsed = [{ ...claimed(10, 1), sentAt: 5, at: 15 }, handler('began', 16, 1), stepped(10, -5_000)];
    const early = [...lapsed, claimed(150, 2), handler('began', 151, 2)];
    expect(broken([...early, wrote('complete', 152, 2), told(153, 201)], withEffect)).toEqual([]);
  });

  it('an answer marked as not stored, and an unknown outcome after it', () => {
    const unstored = told(4, 201, { stored: false });
    expect(broken([...good.slice(0, 3), unstored, told(200, 409, { code: 'outcome-unknown' })])).toEqual([]);
  });

  it('another payload that is refused', () => {
    expect(broken([...good, told(6, 422, { payload: 'another' })])).toEqual([]);
  });

  it('an outcome that is unknown after a death', () => {
    const unknown = told(200, 409, { code: 'outcome-unknown', stored: false });
    expect(broken([claimed(0, 1), handler('began', 1, 1), killed(2, 1), unknown])).toEqual([]);
  });

  it('a store that is unavailable after an answer was given', () => {
    expect(broken([...good, told(6, 503), told(7, 0), told(8, 201)])).toEqual([]);
  });
});

/** For each rule a history that violates it. */
const breaches: Record<string, readonly string[]> = {
  'I1: two executions under one lease': broken([
    ...[claimed(0, 1), handler('began', 1, 1), claimed(50, 2), handler('began', 51, 2)],
  ]),
  'exactly once: another operation id': broken([...good, { ...handler('began', 9, 1), operationId: 'another' }]),
  'I4: a zombie wrote': broken([...takenOver, wrote('release', 160, 1)], withEffect),
  'I6: refuse ran twice': broken(takenOver),
  'undisturbed: not one execution': broken(takenOver, { ...withEffect, undisturbed: true }),
  'I6: an unknown outcome of what never ran': broken([told(1, 409, { code: 'outcome-unknown' })]),
  'I7: ran without a claim': broken(good.slice(1)),
  'I2: two answers': broken([...good, told(6, 201, { run: 'r2' })]),
  'I2: an acknowledged answer was lost': broken([...good, told(6, 409, { code: 'in-progress' }), told(7, 201)]),
  'in the end: no answer': broken([...good.slice(0, 4), told(6, 409, { code: 'in-progress' })]),
  'I3: sent before it was stored': broken([...good.slice(0, 3), told(3, 201), wrote('complete', 4, 1), told(5, 201)]),
  'I5: another payload was not refused': broken([...good, told(6, 409, { payload: 'another', code: 'in-progress' })]),
  'I6: a saved step ran again': broken(
    [
      ...[claimed(0, 1), handler('effect', 1, 1, 'a'), wrote('saveStep', 2, 1)],
      ...[claimed(150, 2), handler('effect', 151, 2, 'a')],
    ],
    { tasks: [{ ...rerun, doing: 'step' }] },
  ),
  'I7: no time to come back': broken([...good, told(6, 503, { code: 'store-unavailable', retryAfter: false })]),
  'I5: another operation’s answer': broken([...good, told(6, 201, { payload: 'another' })]),
  'exactly once: an effect twice': broken(good, { tasks: [rerun], effects: ['k r1', 'k r2'] }),
  'exactly once: an answer without its effect': broken(good, { tasks: [rerun] }),
  'exactly once: another downstream key': broken([handler('effect', 1, 1, 'a'), ...good, handler('effect', 2, 1, 'b')]),
};

describe('the checker finds', () => {
  for (const rule of ruleNames)
    it(rule, () => {
      expect(breaches[rule]).toContain(rule);
    });

  it('an answer lost with a second execution after it', () => {
    const again = [...good, claimed(300, 2), handler('began', 301, 2)];
    expect(broken(again, withEffect)).toContain('I2: an acknowledged answer was lost');
  });

  it('a renewed lease that was taken over before its end', () => {
    const renewed = [claimed(0, 1), handler('began', 1, 1), wrote('renew', 90, 1, { leaseMs: 100 })];
    const rule = 'I1: two executions under one lease';
    expect(broken([...renewed, claimed(150, 2), handler('began', 151, 2)], withEffect)).toContain(rule);
  });

  it('a takeover before the end of a dead worker’s lease', () => {
    const dead = [claimed(0, 1), handler('began', 1, 1), killed(20, 1), claimed(30, 2), handler('began', 31, 2)];
    expect(broken(dead, withEffect)).toContain('I1: two executions under one lease');
  });

  it('a write under a token that claimed again too late for it', () => {
    const early = wrote('saveStep', 200, 1, { sentAt: 199 });
    const again = claimed(300, 3, { token: 't1', worker: 1 });
    expect(broken([...takenOver, early, again], withEffect)).toContain('I4: a zombie wrote');
  });

  it('an answer whose headers differ from the first', () => {
    expect(broken([...good, told(6, 201, { fields: ['one, two'] })])).toContain('I2: two answers');
  });

  it('an answer that differs from its effect', () => {
    const rule = 'exactly once: an answer without its effect';
    expect(broken(good, { tasks: [rerun], effects: ['k r2'] })).toContain(rule);
  });
});
