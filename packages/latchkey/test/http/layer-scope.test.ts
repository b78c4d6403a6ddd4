import { expect, it } from 'vitest';
import { layerRig } from './layer-rig.ts';

it('another spelling of a path is another scope, unless the route names its scope', async () => {
  const { send, through, layer, runs } = layerRig();
  await send({ key: 'k', target: '/orders' });
  await send({ key: 'k', target: '/Orders/' });
  expect(runs()).toBe(2);
  const named = through(layer.with({ scope: 'place-order' }));
  await named({ key: 'k', target: '/orders' });
  expect((await named({ key: 'k', target: '/orders' })).header('idempotent-replayed')).toBe('true');
  expect((await named({ key: 'k', target: '/Orders/' })).code).toBe('key-reused');
  expect(runs()).toBe(3);
});

it('a named scope distinguishes two ids in a path', async () => {
  const { through, layer, runs } = layerRig();
  const pay = through(layer.with({ scope: 'pay' }));
  await pay({ key: 'k', target: '/orders/1/pay' });
  expect((await pay({ key: 'k', target: '/orders/2/pay' })).code).toBe('key-reused');
  expect(runs()).toBe(1);
});

it('a scope must be a non-empty string', () => {
  expect(() => layerRig({ scope: '' })).toThrow(/scope must be a non-empty string/);
});
