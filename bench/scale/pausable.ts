import { type Runtime, systemRuntime } from 'latchkey';

/** A runtime whose timers can be paused, to control a store's sweeps. */
export function pausableRuntime() {
  let paused = false;
  const held: (() => void)[] = [];
  const { timers } = systemRuntime;
  const runtime: Runtime = {
    ...systemRuntime,
    timers: {
      ...timers,
      set: (callback, delayMs) => timers.set(() => (paused ? held.push(callback) : callback()), delayMs),
    },
  };
  const pause = (wanted: boolean) => {
    paused = wanted;
    if (!paused) for (const callback of held.splice(0)) callback();
  };
  return { runtime, pause };
}
