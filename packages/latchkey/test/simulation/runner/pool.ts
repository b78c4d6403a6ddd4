/** Distributes jobs over threads. Worlds are independent, so their order does not matter. */

import { Worker } from 'node:worker_threads';
import type { Done, Job } from './job.ts';

/** Runs all jobs on `threads` threads, and reports each when it is done. */
export async function performAll(jobs: readonly Job[], threads: number, onDone: (done: Done) => void): Promise<void> {
  const queue = [...jobs];
  await Promise.all(Array.from({ length: Math.min(threads, queue.length) }, () => work(queue, onDone)));
}

async function work(queue: Job[], onDone: (done: Done) => void): Promise<void> {
  const thread = new Worker(new URL('./thread.ts', import.meta.url));
  try {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) onDone(await ask(thread, job));
  } finally {
    await thread.terminate();
  }
}

function ask(thread: Worker, job: Job): Promise<Done> {
  return new Promise((resolve, reject) => {
    const answer = (done: Done) => {
      thread.off('error', reject);
      resolve(done);
    };
    thread.once('message', answer);
    thread.once('error', reject);
    thread.postMessage(job);
  });
}
