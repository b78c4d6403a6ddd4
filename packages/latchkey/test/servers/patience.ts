import { availableParallelism, loadavg } from 'node:os';

/** How long to wait on this machine, as busy as it is now, for what takes at most `ms` milliseconds on an idle one. */
export function patience(ms: number): number {
  const [lastMinute = 0] = loadavg();
  return Math.ceil(ms * Math.max(1, lastMinute / availableParallelism()));
}
