import { fastify as fastify4 } from 'fastify4';
import { expect, it } from 'vitest';
import { idempotency } from '../../src/adapters/fastify.ts';
import { memoryStore } from '../../src/stores/memory/index.ts';

it('Fastify 4 refuses the guard when it is registered, and names the release it needs', async () => {
  const app = fastify4();
  const guard = idempotency({ store: memoryStore(), principal: () => 'a' });
  const register = async () => {
    Reflect.apply(app.register, app, [guard]);
    await app.ready();
  };
  await expect(register()).rejects.toMatchObject({
    code: 'FST_ERR_PLUGIN_VERSION_MISMATCH',
    message: expect.stringMatching(/latchkey\/fastify.*'5\.x'.*'4\./),
  });
});
