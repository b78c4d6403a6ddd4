import { connect, type Socket } from 'node:net';

/** The checked parts of a response. */
export interface Seen {
  readonly status: number;
  readonly replayed: boolean;
}

const endOfHead = Buffer.from('\r\n\r\n');
const headers = {
  length: /\r\ncontent-length: (\d+)/i,
  replayed: /\r\nidempotent-replayed: true/i,
};

/** One keep-alive connection with at most one pending request; node:http's client would cost more than the server. */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #onResponse: (seen: Seen) => void = () => {};

  private constructor(socket: Socket, onBroken: (error: Error) => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', onBroken);
    socket.on('close', () => onBroken(new Error('The server closed a connection.')));
  }

  static open(port: number, onBroken: (error: Error) => void): Promise<Connection> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(connection));
      const connection = new Connection(socket, onBroken);
    });
  }

  send(request: string, onResponse: (seen: Seen) => void): void {
    this.#onResponse = onResponse;
    this.#socket.write(request, 'latin1');
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const bodyStart = this.#received.indexOf(endOfHead) + endOfHead.length;
    if (bodyStart < endOfHead.length) return;
    const head = this.#received.toString('latin1', 0, bodyStart);
    const length = headers.length.exec(head)?.[1];
    if (length === undefined) throw new Error(`A response without Content-Length:\n${head}`);
    if (this.#received.length < bodyStart + Number(length)) return;
    this.#received = Buffer.alloc(0);
    this.#onResponse({ status: Number(head.slice(9, 12)), replayed: headers.replayed.test(head) });
  }
}
