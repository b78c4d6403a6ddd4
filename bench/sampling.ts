import type { Child } from './child.ts';
import type { LoadAnswer, LoadQuestion } from './load/main.ts';
import { lowerQuartile, upperQuartile } from './quartile.ts';
import type { ServerAnswer, ServerQuestion } from './server/serve.ts';

export type Server = Child<ServerQuestion, ServerAnswer>;
export type Load = Child<LoadQuestion, LoadAnswer>;

/** The figures of every row. */
export interface Sample {
  readonly requestsPerSecond: number;
  /** CPU of the serving thread. */
  readonly mainUsPerRequest: number;
  /** CPU of all threads. */
  readonly cpuUsPerRequest: number;
  readonly delayP99Ms: number;
  readonly heapBytesPerRequest: number;
}

/** Duration and number of slices of a measurement. */
export interface Timing {
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly slices: number;
}

/** @throws if a first request did not run the handler, or a replay ran it again. */
export type CheckSlice = (load: LoadAnswer, runs: number) => void;

/** Warms up a server, then measures it in slices and takes the better quartile of the slices. */
export async function sample(server: Server, load: Load, timing: Timing, check: CheckSlice): Promise<Sample> {
  await load.ask({ seconds: timing.warmUpSeconds });
  const slices: Sample[] = [];
  for (let slice = 0; slice < timing.slices; slice += 1) {
    await server.ask({ kind: 'begin', profiled: false });
    const seen = await load.ask({ seconds: timing.seconds / timing.slices });
    const { usage, runs = Number.NaN } = await server.ask({ kind: 'end' });
    if (usage === undefined) throw new Error('The server measured nothing.');
    check(seen, runs);
    slices.push({
      requestsPerSecond: seen.requests / seen.seconds,
      mainUsPerRequest: usage.mainThreadUs / seen.requests,
      cpuUsPerRequest: usage.cpuUs / seen.requests,
      delayP99Ms: usage.delayP99Ms,
      heapBytesPerRequest: usage.heapBytes / seen.requests,
    });
  }
  return bestOf(slices);
}

/** Takes the upper quartile of rates and the lower quartile of everything else. */
export function bestOf(samples: readonly Sample[]): Sample {
  const low = (pick: (sample: Sample) => number) => lowerQuartile(samples.map(pick));
  return {
    requestsPerSecond: upperQuartile(samples.map(({ requestsPerSecond }) => requestsPerSecond)),
    mainUsPerRequest: low(({ mainUsPerRequest }) => mainUsPerRequest),
    cpuUsPerRequest: low(({ cpuUsPerRequest }) => cpuUsPerRequest),
    delayP99Ms: low(({ delayP99Ms }) => delayP99Ms),
    heapBytesPerRequest: low(({ heapBytesPerRequest }) => heapBytesPerRequest),
  };
}
