import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderProcess } from './support/provider-process.ts';
import { waitUntil } from './support/wait-until.ts';

const payment = { amount: 2_000, currency: 'usd', reference: 'order-1' };
let provider: ProviderProcess;

beforeAll(async () => {
  provider = await ProviderProcess.start();
});

afterAll(() => provider.stop());

const byKey = (key: string) => provider.charges(`?idempotency_key=${key}`);

describe('the card provider', () => {
  it('pays once per key, and answers the same again', async () => {
    const first = await (await provider.pay('k1', payment)).json();
    expect(await (await provider.pay('k1', payment)).json()).toEqual(first);
    expect(await byKey('k1')).toEqual([first]);
    expect(await provider.charges('?reference=order-1')).toEqual([first]);
  });

  it('fails and declines without paying', async () => {
    await provider.tell({ next: ['fail', 'decline'] });
    expect((await provider.pay('k2', payment)).status).toBe(500);
    expect((await provider.pay('k2', payment)).status).toBe(402);
    expect((await provider.pay('k2', payment)).status).toBe(402);
    expect(await byKey('k2')).toEqual([]);
  });

  it('declines nothing that was paid under the key before', async () => {
    await provider.tell({ next: ['lose-answer', 'decline'] });
    await expect(provider.pay('k9', payment)).rejects.toThrow();
    expect((await provider.pay('k9', payment)).status).toBe(200);
  });

  it('never answers, and does nothing', async () => {
    await provider.tell({ next: ['hang'] });
    const answered = provider.pay('k3', payment).catch(() => 'broken');
    expect(await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 200, 'waiting'))])).toBe(
      'waiting',
    );
    expect(await byKey('k3')).toEqual([]);
  });

  it('loses an answer, repeats one, and delays one', async () => {
    await provider.tell({ next: ['lose-answer', 'answer-twice', 'slow'] });
    await expect(provider.pay('k4', payment)).rejects.toThrow();
    expect((await provider.pay('k4', payment)).status).toBe(200);
    expect((await provider.pay('k5', payment)).status).toBe(200);
    expect(await byKey('k4')).toHaveLength(1);
  });

  it('keeps the payment when it dies after paying and is restarted', async () => {
    await provider.tell({ next: ['die'] });
    await expect(provider.pay('k6', payment)).rejects.toThrow();
    await waitUntil(() =>
      byKey('k6').then(
        ({ length }) => length === 1,
        () => false,
      ),
    );
    expect((await provider.pay('k6', payment)).status).toBe(200);
    expect(await byKey('k6')).toHaveLength(1);
  });

  it('keeps its settings after a restart', async () => {
    await provider.tell({ always: ['decline'], next: ['die'] });
    await expect(provider.pay('k10', payment)).rejects.toThrow();
    expect(await byKey('k10')).toHaveLength(1);
    expect((await provider.pay('k11', payment)).status).toBe(402);
    await provider.tell({ always: ['ok'] });
  });

  it('pays again once it has forgotten its keys', async () => {
    await provider.pay('k7', payment);
    await provider.forgetKeys();
    await provider.pay('k7', payment);
    expect(await byKey('k7')).toHaveLength(2);
  });

  it('refuses what it does not understand', async () => {
    expect((await provider.pay('k8', { amount: -1, currency: 'usd', reference: 'x' })).status).toBe(400);
    expect((await fetch(`${provider.url}/v1/charges`, { method: 'POST', body: '{}' })).status).toBe(400);
    expect((await fetch(`${provider.url}/elsewhere`)).status).toBe(404);
  });
});
