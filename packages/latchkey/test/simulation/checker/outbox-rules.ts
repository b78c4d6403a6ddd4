/** A message is delivered if and only if its transaction was committed: at least once, and with one id. */

import { endOfHelpers, type Facts } from './facts.ts';

/** In leases: more than a hung delivery, its lease, and the longest wait before the next one. */
const patience = 20;

const nameOf = ({ operationId, name }: { readonly operationId: string; readonly name: string }) =>
  `${name} of operation ${operationId}`;

export const outboxRules = {
  'outbox: only committed messages are sent': ({ received, operations }: Facts) => {
    const rows = new Map(operations.flatMap((operation) => operation.rows).map((row) => [nameOf(row), row.index]));
    return received
      .filter((message) => (rows.get(nameOf(message)) ?? Number.POSITIVE_INFINITY) > message.index)
      .map((message) => `the message ${nameOf(message)} was sent uncommitted`);
  },

  'outbox: committed messages are sent': (facts: Facts) => {
    const { plan, received, operations } = facts;
    if (!plan.sendsMail || plan.weather.storeClock === 'wild') return [];
    const since = endOfHelpers(facts) - patience * plan.leaseMs;
    const delivered = new Set(received.map(nameOf));
    return operations
      .flatMap((operation) => operation.rows)
      .filter((row) => row.atMs < since && !delivered.has(nameOf(row)))
      .map((row) => `the message ${nameOf(row)} was never sent`);
  },

  'outbox: one id for a message': ({ received }: Facts) =>
    [...Map.groupBy(received, nameOf)]
      .filter(([, messages]) => new Set(messages.map(({ id }) => id)).size > 1)
      .map(([name]) => `the message ${name} was sent under several ids`),
};
