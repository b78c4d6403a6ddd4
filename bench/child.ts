/**
 * A child process that answers one request at a time, so that load and server never share an event loop.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

type Answerer<Question, Answer> = (question: Question) => Promise<Answer>;

type Reply<Answer> = { readonly answer: Answer } | { readonly error: string };

/** The parent's end. */
export class Child<Question, Answer> {
  readonly #process: ChildProcess;

  /** @param flags - of Node. */
  constructor(script: string, args: readonly string[], flags: readonly string[] = []) {
    this.#process = fork(fileURLToPath(new URL(script, import.meta.url)), [...args], { execArgv: [...flags] });
  }

  async ask(question: Question): Promise<Answer> {
    this.#process.send(question as object);
    const over = new AbortController();
    const answered = once(this.#process, 'message', { signal: over.signal });
    const [reply] = (await Promise.race([answered, this.#ended(over.signal)]).finally(() => over.abort())) as [
      Reply<Answer>,
    ];
    if ('error' in reply) throw new Error(reply.error);
    return reply.answer;
  }

  async stop(): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.disconnect();
    await exit;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async #ended(over: AbortSignal): Promise<never> {
    const [code, signal] = await once(this.#process, 'exit', { signal: over });
    throw new Error(`A process of the bench ended: ${code ?? signal}`);
  }
}

/** The child's end: answers until the parent disconnects, then runs `close`. */
export function answerQuestions<Question, Answer>(
  answer: Answerer<Question, Answer>,
  close: () => Promise<void>,
): void {
  process.on('message', (question: Question) => {
    answer(question).then(
      (value) => process.send?.({ answer: value }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? String(error.stack) : String(error) }),
    );
  });
  process.on('disconnect', () => {
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
