/** One thread of a run: it does the jobs that it is sent. */

import { parentPort } from 'node:worker_threads';
import { type Job, perform } from './job.ts';

parentPort?.on('message', (job: Job) => {
  // What goes wrong here must end the run, and an unhandled rejection does.
  void perform(job).then((done) => parentPort?.postMessage(done));
});
