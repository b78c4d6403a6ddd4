import { type Runtime, systemRuntime } from 'latchkey';

/** A runtime whose timers stand still on command: a store that has it sweeps when it may. */
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
