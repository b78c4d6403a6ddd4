import { setTimeout as pause } from 'node:timers/promises';

/** Does something again and again while the work is under way; says how often. */
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
  for (; await passes(everyMs, over); count += 1) await act();
  return count;
}

/** Resolves after a while, with false if the signal came first. */
function passes(ms: number, over: AbortSignal): Promise<boolean> {
  return pause(ms, undefined, { signal: over }).then(
    () => true,
    () => false,
  );
}
