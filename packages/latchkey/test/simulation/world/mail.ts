/** A worker's dispatcher, and the recipients of its messages: messages and answers can be late or lost. */

import type { OutboxMessage } from '../../../src/core/outbox.ts';
import type { OperatorStore } from '../../../src/core/store.ts';
import { dispatcher } from '../../../src/outbox/dispatcher.ts';
import type { Network } from './network.ts';
import type { Post } from './post.ts';
import type { Worker } from './worker.ts';
import type { SimKind } from './worker-store.ts';

/** The dependencies of delivery. */
export interface MailParts {
  readonly worker: Worker;
  readonly network: Network;
  readonly post: Post;
  readonly store: OperatorStore<SimKind>;
  readonly leaseMs: number;
}

/** Starts a dispatcher; the returned function ends it. */
export function sendMail({ worker, network, post, store, leaseMs }: MailParts): () => void {
  const deliver = (message: OutboxMessage) =>
    new Promise<void>((resolve) => {
      network.tell(() => {
        post.receive(worker.name, message);
        network.tell(() => worker.deliver(resolve));
      });
    });
  const pace = { pollMs: leaseMs / 4, maxPollMs: leaseMs, retryMs: leaseMs / 4, maxRetryMs: 2 * leaseMs };
  const limits = { leaseMs, concurrency: 4, maxAttempts: 1_000_000 };
  const running = dispatcher({ store, runtime: worker.runtime, log: false, deliver, ...pace, ...limits });
  return () => void running.close();
}
