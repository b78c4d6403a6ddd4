/**
 * The runtime of the client, which differs in two ways from the server's.
 *
 * @module
 */

import { type Runtime, systemRuntime } from '../core/runtime.ts';

// An insecure context (plain http on another host than localhost) has getRandomValues but no randomUUID.
function uuidFromBytes(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function uuid(): string {
  return typeof crypto.randomUUID === 'function' ? crypto.randomUUID() : uuidFromBytes();
}

/** The system's clocks and timers, and random UUIDs in insecure contexts too. */
export const clientRuntime: Runtime = {
  ...systemRuntime,
  random: { uuid, fraction: systemRuntime.random.fraction },
};
