import { setTimeout as pause } from 'node:timers/promises';

/** Repeats an action while the work runs, starting soon; returns the number of times. */
export async function repeatedly(
  act: () => Promise<void>,
  everyMs: number,
  work: () => Promise<void>,
): Promise<number> {
  const over = new AbortController();
  const acting = actUntil(over.signal, act, everyMs);
  try {
    await work();
  } finally {
    over.abort();
  }
  return acting;
}

async function actUntil(over: AbortSignal, act: () => Promise<void>, everyMs: number): Promise<number> {
  let count = 0;
  for (let waitMs = everyMs / 5; await passes(waitMs, over); waitMs = everyMs) {
    await act();
    count += 1;
  }
  return count;
}

/** Resolves after a delay, with false if the signal aborts first. */
function passes(ms: number, over: AbortSignal): Promise<boolean> {
  return pause(ms, undefined, { signal: over }).then(
    () => true,
    () => false,
  );
}
