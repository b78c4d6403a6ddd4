import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The server's resource use between two moments. */
export interface Usage {
  /** User and system time of the serving thread. */
  readonly mainThreadUs: number;
  /** CPU time of all threads, including V8's compilers and collectors. */
  readonly cpuUs: number;
  /** Delay of a 1 ms timer, 99th percentile. */
  readonly delayP99Ms: number;
  /** Growth of the heap, including garbage that was not collected. */
  readonly heapBytes: number;
}

const resolution = 1;

function total({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}

/** Starts measuring this process; the returned function ends it. */
export function startMeasuring(): () => Usage {
  // Only available if the process was started with the flag.
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed;
  const delays = monitorEventLoopDelay({ resolution });
  delays.enable();
  const [start, mainStart] = [process.cpuUsage(), process.threadCpuUsage()];
  return () => {
    const [end, mainEnd] = [process.cpuUsage(start), process.threadCpuUsage(mainStart)];
    delays.disable();
    return {
      mainThreadUs: total(mainEnd),
      cpuUs: total(end),
      delayP99Ms: Math.max(0, delays.percentile(99) / 1e6 - resolution),
      heapBytes: process.memoryUsage().heapUsed - heap,
    };
  };
}
