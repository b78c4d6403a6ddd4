import { availableParallelism, loadavg } from 'node:os';

/**
 * The wait on this machine under its present load for something that takes at most `ms` milliseconds on an idle
 * machine.
 */
export function patience(ms: number): number {
  const [lastMinute = 0] = loadavg();
  return Math.ceil(ms * Math.max(1, lastMinute / availableParallelism()));
}
