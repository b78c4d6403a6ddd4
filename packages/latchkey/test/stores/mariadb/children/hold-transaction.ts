/**
 * Begins a transaction on a record of its own, writes an effect, says so, and waits in it until standard input ends;
 * then prints what became of it. Arguments: the server's port, the lease in milliseconds.
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
