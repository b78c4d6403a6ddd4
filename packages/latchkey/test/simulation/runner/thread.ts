/** One thread of a run, which runs the jobs that it gets. */

import { parentPort } from 'node:worker_threads';
import { type Job, perform } from './job.ts';

parentPort?.on('message', (job: Job) => {
  // An error here must end the run, as an unhandled rejection does.
  void perform(job).then((done) => parentPort?.postMessage(done));
});
