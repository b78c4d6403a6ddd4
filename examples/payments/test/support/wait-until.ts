const pollMs = 20;
const patienceMs = 20_000;

/** Looks again and again until `condition` holds. */
export async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('Waited in vain');
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
