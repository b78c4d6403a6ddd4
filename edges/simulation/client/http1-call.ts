/**
 * Requests over HTTP/1.1, written directly to the socket.
 *
 * @module
 */

import { connect, type Socket } from 'node:net';
import { type Answer, noAnswer } from './answer.ts';
import type { Call, Message } from './call.ts';
import { answersIn } from './http1-answers.ts';

/** One connection; several requests on it are pipelined. */
export class Http1Connection {
  readonly #socket: Socket;
  readonly #received: Buffer[] = [];
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #answered = 0;
  #hasHead = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#look(false);
    });
    socket.on('error', () => {});
    // The server has closed its side, so nothing more can arrive.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#look(true));
  }

  static open(port: number): Promise<Http1Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
      socket.once('connect', () => resolve(new Http1Connection(socket)));
      socket.once('error', reject);
    });
  }

  /** Starts a request. */
  call(message: Message): Call {
    const socket = this.#socket;
    let isAnswered = false;
    const answered = new Promise<Answer>((resolve) => {
      this.#waiting.push((answer) => {
        isAnswered = true;
        resolve(answer);
      });
    });
    let begun = false;
    const connection = this;
    return {
      answered,
      get isAnswered() {
        return isAnswered;
      },
      get hasHead() {
        return connection.#hasHead;
      },
      send(from, to) {
        const piece = message.body.subarray(from, to);
        const ends = to >= message.body.length;
        socket.write(Buffer.concat([begun ? Buffer.alloc(0) : headOf(message), framed(message, piece, ends)]));
        begun = true;
      },
      leave: (how) => void (how === 'reset' ? socket.resetAndDestroy() : socket.destroy()),
      endSide: () => void socket.end(),
    };
  }

  /** Closes the connection, if it is still open. */
  close(): void {
    this.#socket.destroy();
  }

  #look(closed: boolean): void {
    const answers = answersIn(Buffer.concat(this.#received), closed);
    this.#hasHead = answers.length > this.#answered;
    for (const answer of answers.slice(this.#answered)) {
      if (!answer.complete && !closed) return;
      this.#answered += 1;
      this.#waiting.shift()?.(answer);
    }
    if (closed) for (const waiting of this.#waiting.splice(0)) waiting(noAnswer);
  }
}

function headOf({ path, headers, body, chunked }: Message): Buffer {
  const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`POST ${path} HTTP/1.1`, 'Host: shop.example', ...lines, framing, '', ''].join('\r\n'));
}

function framed({ chunked }: Message, piece: Buffer, ends: boolean): Buffer {
  if (!chunked) return piece;
  const chunk = piece.length === 0 ? [] : [Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')];
  return Buffer.concat([...chunk, ...(ends ? [Buffer.from('0\r\n\r\n')] : [])]);
}
