import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('server.ts', import.meta.url));

/** The card provider as a separate process with a fixed port and folder; restarted if it was killed. */
export class CardProviderProcess {
  url = '';
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #stopping = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts it, and waits until it listens. */
  static async start(folder: string): Promise<CardProviderProcess> {
    const provider = new CardProviderProcess(folder);
    await provider.#launch('0');
    return provider;
  }

  /** Ends it; it closes its database. */
  stop(): void {
    this.#stopping = true;
    this.#child?.kill('SIGTERM');
  }

  async #launch(port: string): Promise<void> {
    const child = fork(program, [port, this.#folder], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    this.#child = child;
    child.once('exit', (_code, signal) => {
      if (!this.#stopping && signal === 'SIGKILL') void this.#launch(new URL(this.url).port);
    });
    const lines = createInterface(child.stdout as Readable);
    const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => [undefined])]);
    if (line === undefined) throw new Error('The card provider did not start.');
    this.url = String(line).replace(/^.* at /, '');
  }
}
