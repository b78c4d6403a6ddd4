import { connect, type Socket } from 'node:net';

/** A request as bytes, in the pieces in which they are sent. */
export interface RawRequest {
  readonly pieces: readonly Buffer[];
  /** Disconnects after this many pieces, without waiting for an answer. */
  readonly hangUpAfter?: number;
}

const patienceMs = 20_000;

/** Sends bytes over a new connection and reads until the server closes; empty if it never answered. */
export function exchange(port: number, request: RawRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    const timer = setTimeout(() => reject(new Error('The server left a request without an answer')), patienceMs);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', finish).on('close', finish);
    socket.on('connect', () => void send(socket, request, finish));
  });
}

async function send(socket: Socket, { pieces, hangUpAfter }: RawRequest, finish: () => void): Promise<void> {
  socket.setNoDelay(true);
  for (const piece of pieces.slice(0, hangUpAfter)) {
    if (socket.destroyed) return;
    socket.write(piece);
    // The next piece is sent in a separate packet.
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  if (hangUpAfter !== undefined) finish();
}

/** The status of a raw answer; undefined without an answer. */
export function statusOf(answer: string): number | undefined {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1];
  return status === undefined ? undefined : Number(status);
}
