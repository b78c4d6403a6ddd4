import type { Runtime } from '../../../../src/core/runtime.ts';
import type { AnyOperatorStore } from '../../../../src/core/store.ts';
import { redisStore } from '../../../../src/stores/redis/index.ts';
import { singleClients } from '../../../stores/redis/clients.ts';
import type { OpenedStore } from '../opened-store.ts';

interface Settings {
  readonly client: 'ioredis' | 'node-redis';
  readonly port: number;
}

export async function openRedis(settings: Settings, runtime: Runtime): Promise<OpenedStore> {
  const { client } = await singleClients[settings.client](settings.port);
  return { store: redisStore({ client, runtime }) as AnyOperatorStore, waits: false };
}
