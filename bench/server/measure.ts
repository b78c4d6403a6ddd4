import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What the server used between two moments. */
export interface Usage {
  /** Of all its threads, user and system together. */
  readonly cpuUs: number;
  /** How late a timer of 1 ms was, at the 99th percentile. */
  readonly delayP99Ms: number;
}

const resolution = 1;

/** Starts measuring this process; the returned function ends it. */
export function startMeasuring(): () => Usage {
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    delays.disable();
    return { cpuUs: user + system, delayP99Ms: Math.max(0, delays.percentile(99) / 1e6 - resolution) };
  };
}
