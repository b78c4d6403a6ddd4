import type { Redis } from 'ioredis';

/** The names of the commands that clients sent meanwhile, in capitals and in order. */
export async function commandsDuring(server: Redis, act: () => Promise<unknown>): Promise<readonly string[]> {
  const monitor = await server.monitor();
  monitor.on('error', () => {});
  const seen: string[] = [];
  const mark = crypto.randomUUID();
  const marked = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, [name = '', word]: string[], source: string) => {
      if (word === mark) resolve();
      // Commands inside a script are not commands of a client.
      else if (source !== 'lua') seen.push(name.toUpperCase());
    });
  });
  await act();
  await server.ping(mark);
  await marked;
  monitor.disconnect();
  return seen;
}
