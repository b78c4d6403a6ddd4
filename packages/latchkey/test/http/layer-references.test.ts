import { describe, expect, it } from 'vitest';
import { recordReference } from '../../src/core/support/digest.ts';
import { stripe } from '../../src/dialects/index.ts';
import { operator } from '../../src/operator/index.ts';
import { captured, layerRig } from './layer-rig.ts';

const problemOf = (text: string): { reference?: string } => JSON.parse(text);

describe("a record's reference", () => {
  it('is in the problems of its key, and an operator finds it', async () => {
    const { send, memory, runtime } = layerRig({ response: { maxBytes: 5 } });
    await send({ key: 'k' }, () => captured(201, 'too long to keep'));
    const notKept = await send({ key: 'k' });
    const reused = await send({ key: 'k', body: '{"amount":1}' });
    expect([notKept.code, reused.code]).toEqual(['response-not-kept', 'key-reused']);
    const { reference = '' } = problemOf(notKept.text);
    expect(reference).toMatch(/^[0-9A-HJKMNP-TV-Z]{12}$/);
    expect(problemOf(reused.text).reference).toBe(reference);
    const found = await operator({ store: memory, runtime }).find(reference);
    expect(found).toMatchObject({ reference, operation: 'POST /v1/charges', state: 'completed' });
    expect(recordReference(found?.id ?? '')).toBe(reference);
  });

  it('is in the answers for a running operation, an unknown outcome and a failure', async () => {
    const { send } = layerRig();
    const references: unknown[] = [];
    const failed = await send({ key: 'k' }, async () => {
      references.push(problemOf((await send({ key: 'k' })).text).reference);
      throw new Error('no');
    });
    references.push(problemOf(failed.text).reference);
    expect(references).toEqual([expect.any(String), references[0]]);
  });

  it("is next to the code in Stripe's dialect", async () => {
    const { send } = layerRig({ dialect: stripe });
    await send({ key: 'k' });
    const { error } = JSON.parse((await send({ key: 'k', body: '{"amount":1}' })).text);
    expect(error.latchkey_reference).toMatch(/^[0-9A-HJKMNP-TV-Z]{12}$/);
  });

  it('is absent if no record was looked up', async () => {
    const { send } = layerRig({ key: { required: true } });
    expect(problemOf((await send({})).text).reference).toBeUndefined();
  });
});
