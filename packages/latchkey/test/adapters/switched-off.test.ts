/** A guard that is turned off by its methods, as docs/guides/emergency.md says. */

import { expect, it, onTestFinished } from 'vitest';
import { idempotency } from '../../src/adapters/fetch.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';

function charges(methods: readonly string[]) {
  const store = memoryStore();
  const guard = idempotency({ store, principal: () => 'account-81', methods });
  onTestFinished(() => guard.shutdown());
  const contexts: unknown[] = [];
  const handler = guard(async (request) => {
    contexts.push(guard.tryContext(request) === undefined ? 'none' : 'context');
    if (request.headers.has('needs-context')) guard.context(request);
    return Response.json({ charge: contexts.length }, { status: 201 });
  });
  const send = async (headers: Record<string, string> = {}) => {
    const init = { method: 'POST', headers: { 'Idempotency-Key': 'k-1', ...headers }, body: '{}' };
    const response = await handler(new Request('http://shop.example/charges', init));
    return { body: await response.json(), mark: response.headers.get('idempotency-status') };
  };
  return { store, contexts, send };
}

it('a guard without methods lets every request pass, and writes no record', async () => {
  const { store, contexts, send } = charges([]);
  expect(await send()).toEqual({ body: { charge: 1 }, mark: null });
  expect(await send()).toEqual({ body: { charge: 2 }, mark: null });
  expect(contexts).toEqual(['none', 'none']);
  const pages = await Promise.all(
    (['completed', 'running', 'open', 'lapsed'] as const).map((state) => store.list({ state, limit: 10 })),
  );
  expect(pages.flatMap(({ records }) => records)).toEqual([]);
  await expect(send({ 'needs-context': 'yes' })).rejects.toMatchObject({ code: 'context-missing' });
});

it('the same guard with its methods runs once', async () => {
  const { contexts, send } = charges(['POST', 'PATCH']);
  expect([(await send()).mark, (await send()).mark]).toEqual(['executed', 'replayed']);
  expect(contexts).toEqual(['context']);
});
