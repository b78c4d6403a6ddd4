import type { Response } from 'express';

/** The events of a page. */
export interface Source {
  read(): object;
  /** Calls `tell` at each change, until the returned function is called. */
  watch(tell: () => void): () => void;
}

/** Server-sent events: the whole state at once, and again at each change. */
export class EventStreams {
  readonly #open = new Set<Response>();

  start(response: Response, { read, watch }: Source): void {
    const tell = () => response.write(`data: ${JSON.stringify({ server: process.pid, ...read() })}\n\n`);
    this.#open.add(response);
    const stop = watch(tell);
    response.once('close', () => {
      this.#open.delete(response);
      stop();
    });
    response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('retry: 400\n\n');
    tell();
  }

  /** Ends all streams; pages then reconnect to the next server. */
  close(): void {
    for (const response of this.#open) response.end();
  }
}
