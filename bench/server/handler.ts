import type { IncomingMessage, ServerResponse } from 'node:http';

const answerBytes = 400;

/** Reads 200 bytes of JSON and answers 400: the same work in front of every store, and in front of none. */
export function handler(request: IncomingMessage, response: ServerResponse): void {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    text += chunk;
  });
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(answerTo(JSON.parse(text)));
  });
}

function answerTo({ amount, currency }: { amount: number; currency: string }): string {
  const start = JSON.stringify({ id: 'ch_1', object: 'charge', amount, currency, status: 'succeeded', note: '' });
  return `${start.slice(0, -2)}${'y'.repeat(answerBytes - start.length)}"}`;
}
