import type { IncomingMessage, ServerResponse } from 'node:http';

const answerBytes = 400;

/** Number of executions of the handler, which a replay must not increase. */
export const runs = { count: 0 };

/** The members of a request's body. */
export interface Charge {
  readonly amount: number;
  readonly currency: string;
}

/** Reads 200 bytes of JSON and answers 400, the same for every store and for the bare server. */
export function handler(request: IncomingMessage, response: ServerResponse): void {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    text += chunk;
  });
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(charge(JSON.parse(text)));
  });
}

/** The handler. */
export function charge({ amount, currency }: Charge): string {
  runs.count += 1;
  const start = JSON.stringify({ id: 'ch_1', object: 'charge', amount, currency, status: 'succeeded', note: '' });
  return `${start.slice(0, -2)}${'y'.repeat(answerBytes - start.length)}"}`;
}
