const { createServer } = require('node:http');
const manifest = require('latchkey/package.json');
const { LatchkeyError } = require('latchkey');
const { memoryStore } = require('latchkey/memory');
const { idempotency } = require('latchkey/node');
const { sqliteStore } = require('latchkey/sqlite');

// Jest on this Node can't require ES modules, which Nest 12 consists of. An application on Nest 11 requires latchkey/nest
// in its own tests.
const isLoadable = (subpath) => !subpath.endsWith('.json') && subpath !== './nest';
const subpaths = Object.keys(manifest.exports).filter(isLoadable);

test.each(subpaths)('%s can be required', (subpath) => {
  expect(typeof require(`latchkey${subpath.slice(1)}`)).toBe('object');
});

test.each([
  ['memory', () => memoryStore()],
  ['sqlite', () => sqliteStore({ database: `${__dirname}/records.db` })],
])('a guard on the %s store runs a request once and replays it', async (_name, makeStore) => {
  const store = makeStore();
  const guard = idempotency({ store, principal: () => 'shop' });
  const handler = jest.fn((_request, response) => response.writeHead(201).end('order'));
  const server = createServer(guard.wrap(handler));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const headers = { 'Idempotency-Key': '"5f1c9a52-4c9b-4c58-9d43-1f1a7ce1a0b6"' };
  for (let request = 0; request < 2; request += 1) {
    const response = await fetch(`http://127.0.0.1:${server.address().port}/orders`, { method: 'POST', headers });
    expect([response.status, await response.text()]).toEqual([201, 'order']);
  }
  expect(handler).toHaveBeenCalledTimes(1);
  await new Promise((resolve) => server.close(resolve));
  await guard.shutdown();
  await store.close();
});

test('an error is an instance of its class', () => {
  expect(() => memoryStore({ size: 1 })).toThrow(LatchkeyError);
});
