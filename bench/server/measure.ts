import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What the server used between two moments. */
export interface Usage {
  /** Of the thread that serves requests, user and system together. */
  readonly mainThreadUs: number;
  /** Of all threads: the compilers and collectors of V8 too. */
  readonly cpuUs: number;
  /** How late a timer of 1 ms was, at the 99th percentile. */
  readonly delayP99Ms: number;
  /** By how much the heap grew; garbage is counted as long as nothing collected it. */
  readonly heapBytes: number;
}

const resolution = 1;

function total({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}

/** Starts measuring this process; the returned function ends it. */
export function startMeasuring(): () => Usage {
  // There only where the process was started for it.
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
