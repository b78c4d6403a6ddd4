import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const samplingIntervalUs = 200;

/** Profiles this process until the returned function is called. Any viewer of V8's CPU profiles can open the file. */
export async function startProfile(): Promise<(file: string) => Promise<void>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: samplingIntervalUs });
  await session.post('Profiler.start');
  return async (file) => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    writeFileSync(file, JSON.stringify(profile));
  };
}
