import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Header } from '../../../src/http/exchange.ts';
import type { RunningApp } from '../../../src/testing/index.ts';

/** Listens on a port, by default a free one; closing also ends what still runs. */
export async function listen(server: Server, port = 0): Promise<RunningApp> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: chosen } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${chosen}`, close: () => closeServer(server) };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Headers by name in Node's form, repeated ones as arrays. */
export function grouped(headers: readonly Header[] = []): [name: string, value: string | string[]][] {
  const names = [...new Set(headers.map(([name]) => name))];
  return names.map((name) => {
    const values = headers.filter(([other]) => other === name).map(([, value]) => value);
    return [name, values.length === 1 ? (values[0] as string) : values];
  });
}

/** The principal of the suite's applications. */
export function tenantOf(tenant: string | string[] | undefined | null): string {
  return typeof tenant === 'string' ? tenant : 'tenant';
}

export const isStream = (body: unknown): body is AsyncIterable<Uint8Array> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
