/**
 * Moves records back in time instead of the server's clock forward, so that no test waits for a lease. It uses the
 * positions of a record's times in `record.lua`.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';

const shift = `
local found, cursor = {}, '0'
repeat
  local reply = redis.call('SCAN', cursor, 'MATCH', ARGV[1] .. '*', 'COUNT', 1000)
  cursor = reply[1]
  for _, key in ipairs(reply[2]) do found[key] = true end
until cursor == '0'
for key in pairs(found) do
  local value = redis.call('GET', key)
  -- The times of a record by SET follow from its expiry.
  for _, at in ipairs(string.byte(value, 5) < 16 and { 6, 12, 18 } or {}) do
    redis.call('SETRANGE', key, at - 1, struct.pack('>I6', struct.unpack('>I6', value, at) - ARGV[2]))
  end
  redis.call('PEXPIREAT', key, redis.call('PEXPIRETIME', key) - ARGV[2])
end`;

/** Makes every record under `prefix` on these servers `ms` milliseconds older. */
export async function age(servers: readonly Redis[], prefix: string, ms: number): Promise<void> {
  await Promise.all(servers.map((server) => server.eval(shift, 0, prefix, ms)));
}

/** Short times are waited for, since changing records could hide that a call changed them. */
const momentMs = 20;

/** Advances by `ms` milliseconds for records under `prefix`. */
export function advance(servers: readonly Redis[], prefix: string, ms: number): Promise<void> {
  return ms < momentMs ? pause(ms) : age(servers, prefix, ms);
}

/** A connection for the test itself. */
export function operator(port: number): Redis {
  const client = new Redis({ host: '127.0.0.1', port });
  client.on('error', () => {});
  return client;
}

/** The server's clock, in milliseconds. */
export async function serverTime(server: Redis): Promise<number> {
  const [seconds = 0, microseconds = 0] = await server.time();
  return Number(seconds) * 1000 + Number(microseconds) / 1000;
}
