import { systemRuntime } from '../../core/runtime.ts';
import { withTimeLimit } from '../../core/support/store-call.ts';
import type { RedisStore } from '../redis/index.ts';
import { clientError, driverMissing, type Opened, type StoreFromUrlOptions } from './opened.ts';
import { invalidUrl, parametersOf } from './store-url.ts';

/** The default of the store's `timeoutMs`. */
const connectLimitMs = 10_000;
const parameters = { prefix: 'text', maxResultBytes: 'number', timeoutMs: 'number' } as const;

/** `redis://user:password@host:6379/0?prefix=shop:`; with TLS, `rediss:`. */
export async function openRedis(url: URL, options: StoreFromUrlOptions): Promise<Opened<RedisStore>> {
  const { runtime, onClientError } = options;
  const settings = parametersOf(url, parameters);
  // The server would silently refuse anything but a number and use database 0.
  if (!/^\/?\d*$/.test(url.pathname))
    throw invalidUrl('the path of a Redis URL is the number of a database, or empty.');
  const { Redis } = await loadIoredis(url);
  const { redisStore } = await import('../redis/index.ts');
  const client = new Redis(addressOf(url), {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
  });
  let last: unknown;
  client.on('error', (error) => {
    last = error;
    onClientError?.(clientError(error));
  });
  return {
    store: redisStore({ client, ...settings, ...(runtime && { runtime }) }),
    // The client waits without a limit for a server that accepts the connection and never answers.
    connect: () => {
      const connecting = client.connect().catch((error: unknown) => {
        throw clientError(last ?? error);
      });
      return withTimeLimit(runtime ?? systemRuntime, settings.timeoutMs ?? connectLimitMs, connecting);
    },
    end: async () => client.disconnect(),
  };
}

/** The client would use the store's parameters as its own. */
function addressOf(url: URL): string {
  const address = new URL(url);
  address.search = '';
  return address.href;
}

type Ioredis = Pick<typeof import('ioredis'), 'Redis'>;

async function loadIoredis(url: URL): Promise<Ioredis> {
  try {
    const loaded: Partial<Ioredis> & { readonly default: unknown } = await import('ioredis');
    // The class is also the default export, and the only export in early releases and in webpack's view of the module.
    return { Redis: loaded.Redis ?? (loaded.default as Ioredis['Redis']) };
  } catch (cause) {
    throw driverMissing('ioredis', url, cause);
  }
}
