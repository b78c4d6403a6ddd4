import { createConfig, lintFromString } from '@redocly/openapi-core';
import { validate } from '@scalar/openapi-parser';
import { acp, ietf, stripe, ucp } from 'latchkey/dialects';
import { memoryStore } from 'latchkey/memory';
import { idempotency } from 'latchkey/node';
import { describeIdempotency } from 'latchkey/openapi';
import { describe, expect, it } from 'vitest';
import { shopDocument } from '../../packages/latchkey/test/openapi/shop-document.ts';

const options = { store: memoryStore(), principal: () => 'tenant', methods: ['POST', 'PUT'] };
const guards = {
  ietf: idempotency({ ...options, dialect: ietf }),
  stripe: idempotency({ ...options, dialect: stripe }),
  acp: idempotency({ ...options, dialect: acp, afterFailure: 'rerun', key: { required: true } }),
  ucp: idempotency({ ...options, dialect: ucp, fingerprint: { body: 'bytes' } }),
  'a house style': idempotency({ ...options, onProblem: () => undefined }),
};

describe.each(Object.entries(guards))('an OpenAPI document with a guard of %s', (_name, guard) => {
  const described = () => describeIdempotency(shopDocument, { 'POST /orders': guard, 'PUT /orders/{id}': guard });

  it('is valid', async () => {
    expect(await validate(structuredClone(await described()))).toMatchObject({ valid: true });
  });

  it('has no fault by the recommended rules of Redocly', async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const faults = await lintFromString({ source: JSON.stringify(await described()), config });
    expect(faults.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
  });
});
