import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The functions that workerd refuses at module scope. */
function refuseWhatWorkersRefuse(): void {
  const refused = (name: string) =>
    function refuse() {
      throw new Error(`${name} at module scope`);
    };
  for (const name of ['AbortController', 'setTimeout', 'setInterval', 'setImmediate', 'fetch'])
    vi.stubGlobal(name, refused(name));
  vi.stubGlobal('AbortSignal', { timeout: refused('AbortSignal.timeout'), any: refused('AbortSignal.any') });
  vi.spyOn(Math, 'random').mockImplementation(refused('Math.random'));
  vi.spyOn(crypto, 'randomUUID').mockImplementation(refused('crypto.randomUUID'));
  vi.spyOn(crypto, 'getRandomValues').mockImplementation(refused('crypto.getRandomValues'));
}

it('guards, stores and clients can be created at module scope in a Worker', async () => {
  const [core, express, fetching, hono, node, memory, encrypted, client] = await Promise.all([
    import('../../src/index.ts'),
    import('../../src/adapters/express.ts'),
    import('../../src/adapters/fetch.ts'),
    import('../../src/adapters/hono.ts'),
    import('../../src/adapters/node.ts'),
    import('../../src/stores/memory/index.ts'),
    import('../../src/stores/encrypted/index.ts'),
    import('../../src/client/index.ts'),
  ]);
  refuseWhatWorkersRefuse();
  const store = memory.memoryStore();
  const principal = () => 'shop';
  const keys = { a: new Uint8Array(32) };
  const make = () => [
    encrypted.encryptedStore(store, { currentKey: 'a', keys }),
    express.idempotency({ store, principal }),
    fetching.idempotency({ store, principal }),
    hono.idempotency({ store, principal }),
    node.idempotency({ store, principal }),
    core.idempotent(async () => 1, { name: 'order', store, key: () => 'k' }),
    client.idempotentFetch(),
  ];
  expect(make).not.toThrow();
});
