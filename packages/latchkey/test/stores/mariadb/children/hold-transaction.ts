/**
 * Begins a transaction on a new record, writes an effect, reports it, and waits until standard input ends; then prints
 * the outcome. Arguments: the server's port, the lease in milliseconds.
 */

import { once } from 'node:events';
import { bytesOf } from '../../requests.ts';
import { writeEffect } from '../pools.ts';
import { connect } from './connect.ts';

const [port = '', leaseMs = '0'] = process.argv.slice(2);
const { store, end } = connect(port);
const request = { id: 'x', token: 'a', leaseMs: Number(leaseMs), unresolvedRetentionMs: 60_000 };

process.stdin.resume();
const told = once(process.stdin, 'end');
try {
  const outcome = await store.transaction?.(request, async (connection) => {
    await writeEffect(connection, 'of the frozen worker');
    process.stdout.write('waiting\n');
    await told;
    return { value: undefined, write: { kind: 'step', name: 'charge', value: bytesOf('paid') } };
  });
  process.stdout.write(String(outcome?.outcome));
} catch (error) {
  process.stdout.write(String(Reflect.get(Object(error), 'code')));
}
await end();
