import { describe, expect, it } from 'vitest';
import { NothingHappenedError } from '../../src/core/errors.ts';
import { stripe } from '../../src/dialects/index.ts';
import type { Header } from '../../src/http/exchange.ts';
import { captured, layerRig } from './layer-rig.ts';

const fails = () => captured(500, 'sorry');
const throws = () => {
  throw new Error('card number 4242 leaked');
};

describe("a failure under 'refuse'", () => {
  it('R35: is kept and replayed, with one warning', async () => {
    const { send, runs, warnings } = layerRig();
    await send({ key: 'k' }, fails);
    const retry = await send({ key: 'k' });
    expect([retry.status, retry.text, retry.header('idempotent-replayed')]).toEqual([500, 'sorry', 'true']);
    await send({ key: 'l' }, fails);
    expect(runs()).toBe(2);
    expect(warnings()).toEqual(['failure-kept']);
  });

  it("R37: of a handler that threw is a replayed 500 without the error's message", async () => {
    const { send, runs, events } = layerRig();
    const first = await send({ key: 'k' }, throws);
    const retry = await send({ key: 'k' });
    expect(first).toMatchObject({ status: 500, code: 'operation-failed' });
    expect([retry.status, retry.text]).toEqual([500, first.text]);
    expect(first.text).not.toContain('4242');
    expect(runs()).toBe(1);
    expect(events).toContainEqual(expect.objectContaining({ type: 'handler-error', operation: 'POST /v1/charges' }));
  });

  it('is not warned about if the handler called keep', async () => {
    const { send, warnings } = layerRig();
    await send({ key: 'k' }, (context) => {
      context?.keep();
      return fails();
    });
    expect(warnings()).toEqual([]);
    expect((await send({ key: 'k' })).text).toBe('sorry');
  });
});

describe("a failure under 'rerun'", () => {
  it('R36: is released, and the retry runs', async () => {
    const { send, warnings } = layerRig({ afterFailure: 'rerun' });
    await send({ key: 'k' }, fails);
    expect((await send({ key: 'k' })).text).toBe('run 2');
    expect(warnings()).toEqual([]);
  });

  it('R71: keeps its steps', async () => {
    const { send } = layerRig({ afterFailure: 'rerun' });
    let charged = 0;
    const charge = async () => {
      charged += 1;
      return charged;
    };
    await send({ key: 'k' }, async (context) => {
      await context?.step('charge', charge);
      return fails();
    });
    const retry = await send({ key: 'k' }, async (context) =>
      captured(200, `${await context?.step('charge', charge)}`),
    );
    expect([retry.text, charged]).toEqual(['1', 1]);
  });
});

describe('an answer with a come-back status', () => {
  it.each([401, 407, 408, 425, 429])(
    "R38 R81: %i releases the key under 'rerun', and is kept under 'refuse'",
    async (status) => {
      const { send } = layerRig({ afterFailure: 'rerun' });
      expect((await send({ key: 'k' }, () => captured(status))).status).toBe(status);
      expect((await send({ key: 'k' })).text).toBe('run 2');
      const refusing = layerRig();
      await refusing.send({ key: 'k' }, () => captured(status));
      expect((await refusing.send({ key: 'k' })).status).toBe(status);
      expect(refusing.warnings()).toEqual(['come-back-kept']);
    },
  );

  it("R38 R81: 503 with Retry-After releases it under 'rerun', without it is a failure", async () => {
    const later = () => captured(503, '', { headers: [['Retry-After', '1']] });
    const { send } = layerRig({ afterFailure: 'rerun', timing: { maxAttempts: 1 } });
    await send({ key: 'k' }, later);
    expect((await send({ key: 'k' })).text).toBe('run 2');
    await send({ key: 'l' }, () => captured(503));
    expect((await send({ key: 'l' })).status).toBe(503);
    const refusing = layerRig();
    await refusing.send({ key: 'k' }, later);
    expect((await refusing.send({ key: 'k' })).status).toBe(503);
    expect(refusing.warnings()).toEqual(['come-back-kept']);
  });

  it('R81: is warned about once per route, with the remedies', async () => {
    const { through, layer, events } = layerRig();
    const limited = () => captured(429);
    for (const route of [layer.with({ methods: ['POST'] }), layer.with({ methods: ['POST'] })]) {
      const send = through(route);
      for (const key of ['a', 'b']) await send({ key: `${key}${events.length}` }, limited);
    }
    const warnings = events.filter((event) => event.type === 'warning');
    expect(warnings).toHaveLength(2);
    expect(warnings[0]?.message).toMatch(/before the guard.*NothingHappenedError.*keep/);
  });

  it.each([
    ['429', () => captured(429)],
    ['503 with Retry-After', () => captured(503, '', { headers: [['Retry-After', '1']] })],
  ])(
    "R81: %s is released, without a warning, where the route's keep says so, as the warning advises",
    async (_, later) => {
      const { send, warnings } = layerRig({ response: { keep: (status) => status !== 429 && status !== 503 } });
      await send({ key: 'k' }, later);
      expect((await send({ key: 'k' })).text).toBe('run 2');
      expect(warnings()).toEqual([]);
    },
  );

  it('R38: once a step was saved, is kept under refuse, and released with its step under rerun', async () => {
    for (const [afterFailure, answer] of [
      ['refuse', '429'],
      ['rerun', '201'],
    ] as const) {
      const { send } = layerRig({ afterFailure });
      await send({ key: 'k' }, async (context) => {
        await context?.step('charge', () => 1);
        return captured(429);
      });
      expect(String((await send({ key: 'k' })).status)).toBe(answer);
    }
  });

  it('may be thrown', async () => {
    const { send } = layerRig();
    const first = await send({ key: 'k' }, () => {
      throw new NothingHappenedError('the terminal is offline', 7);
    });
    expect([first.status, first.code, first.header('retry-after')]).toEqual([503, 'nothing-happened', '7']);
    expect((await send({ key: 'k' })).text).toBe('run 2');
  });

  it('may come from a generic error handler', async () => {
    const { send } = layerRig();
    const { headers } = new NothingHappenedError();
    await send({ key: 'k' }, () => captured(503, 'sorry', { headers: Object.entries(headers) }));
    expect((await send({ key: 'k' })).text).toBe('run 2');
  });

  it('is not accepted from a downstream service, since the handler may have done something before', async () => {
    const { send, runs } = layerRig();
    const headers: readonly Header[] = [['Idempotency-Status', 'nothing-happened;final=?0']];
    await send({ key: 'k' }, () => captured(503, 'sorry', { headers }));
    expect((await send({ key: 'k' })).code).toBe('outcome-unknown');
    expect(runs()).toBe(1);
  });

  it('a released key takes another payload, since nothing was done under it', async () => {
    const { send } = layerRig({ afterFailure: 'rerun' });
    await send({ key: 'k' }, () => captured(401));
    expect((await send({ key: 'k', body: '{"amount":1}' })).text).toBe('run 2');
  });

  it("a 400 in Stripe's dialect is such an answer too", async () => {
    const { send } = layerRig({ dialect: stripe, afterFailure: 'rerun' });
    await send({ key: 'k' }, () => captured(400));
    expect((await send({ key: 'k', body: '{"amount":1}' })).text).toBe('run 2');
    const refusing = layerRig({ dialect: stripe });
    await refusing.send({ key: 'k' }, () => captured(400));
    expect((await refusing.send({ key: 'k', body: '{"amount":1}' })).text).toContain('key-reused');
    expect(refusing.runs()).toBe(1);
  });
});

describe('other decisions', () => {
  it("the route's keep() releases other statuses", async () => {
    const { send } = layerRig({ response: { keep: (status) => status !== 404 } });
    await send({ key: 'k' }, () => captured(404));
    expect((await send({ key: 'k' })).text).toBe('run 2');
  });

  it('a keep() that throws keeps the answer and is reported', async () => {
    const { send, events } = layerRig({ response: { keep: throws } });
    await send({ key: 'k' }, () => captured(404));
    expect((await send({ key: 'k' })).status).toBe(404);
    expect(events).toContainEqual(expect.objectContaining({ type: 'handler-error' }));
  });

  it('context.release() releases the record after any answer', async () => {
    const { send } = layerRig();
    await send({ key: 'k' }, (context) => {
      context?.release();
      return captured(200, 'preview');
    });
    expect((await send({ key: 'k' })).text).toBe('run 2');
  });

  it.each([
    ['rerun', { text: 'run 2' }, []],
    ['refuse', { status: 409, code: 'outcome-unknown' }, ['not-final-answer']],
  ] as const)("R74 R89: another layer's answer that is not final is passed on and not kept: %s", async (...row) => {
    const [afterFailure, retried, warned] = row;
    const behind = layerRig();
    const { send, warnings } = layerRig({ afterFailure });
    const inner = async () => {
      const answer = await behind.send({ key: 'inner' }, () => captured(500));
      return captured(answer.status, answer.text, { headers: answer.headers });
    };
    behind.faults.next('claim', { kind: 'fail' }, 100);
    const pending = send({ key: 'k' }, inner);
    await behind.runtime.advance(5_000);
    expect(await pending).toMatchObject({ status: 503, code: 'store-unavailable' });
    expect(await send({ key: 'k' })).toMatchObject(retried);
    expect(warnings()).toEqual(warned);
  });
});
