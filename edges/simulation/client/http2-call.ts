/**
 * Requests over HTTP/2.
 *
 * @module
 */

import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { type Answer, noAnswer } from './answer.ts';
import type { Call, Message } from './call.ts';

/** One connection. */
export class Http2Connection {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
    session.on('error', () => {});
  }

  static open(port: number): Promise<Http2Connection> {
    return new Promise((resolve, reject) => {
      const session = connect(`http://127.0.0.1:${port}`);
      session.once('connect', () => resolve(new Http2Connection(session)));
      session.once('error', reject);
    });
  }

  /** Starts a request. */
  call(message: Message): Call {
    const session = this.#session;
    let stream: ClientHttp2Stream | undefined;
    const state = { isAnswered: false, hasHead: false };
    let answer: (answer: Answer) => void = () => {};
    const answered = new Promise<Answer>((resolve) => {
      answer = (found) => {
        state.isAnswered = true;
        resolve(found);
      };
    });
    const begin = () => {
      const made = session.request({
        ':method': 'POST',
        ':path': message.path,
        ':authority': 'shop.example',
        ...headersOf(message),
      });
      collect(made, state, answer);
      return made;
    };
    return {
      answered,
      get isAnswered() {
        return state.isAnswered;
      },
      get hasHead() {
        return state.hasHead;
      },
      send(from, to) {
        stream ??= begin();
        const piece = message.body.subarray(from, to);
        if (to >= message.body.length) stream.end(piece);
        else stream.write(piece);
      },
      leave(how) {
        if (how === 'reset') stream?.close(constants.NGHTTP2_CANCEL);
        else session.destroy();
      },
      endSide: () => void stream?.end(),
    };
  }

  /** Closes the connection, if it is still open. */
  close(): void {
    this.#session.destroy();
  }
}

function headersOf({ headers, body, chunked }: Message): Record<string, string> {
  return chunked ? headers : { ...headers, 'content-length': String(body.length) };
}

function collect(stream: ClientHttp2Stream, state: { hasHead: boolean }, answer: (answer: Answer) => void): void {
  const chunks: Buffer[] = [];
  const informational: number[] = [];
  let head: Pick<Answer, 'status' | 'headers'> | undefined;
  let trailers: Answer['trailers'] = [];
  let whole = false;
  stream.on('headers', (headers) => informational.push(Number(headers[':status'])));
  stream.on('response', (headers) => {
    state.hasHead = true;
    head = { status: Number(headers[':status']), headers: pairsOf(headers) };
  });
  stream.on('trailers', (headers) => {
    trailers = pairsOf(headers);
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    whole = stream.rstCode === constants.NGHTTP2_NO_ERROR;
  });
  stream.on('error', () => {});
  stream.on('close', () => {
    if (head === undefined) return answer(noAnswer);
    const complete = whole && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    answer({ ...head, protocol: 'http/2', body: Buffer.concat(chunks), complete, informational, trailers, faults: [] });
  });
}

function pairsOf(headers: object): (readonly [string, string])[] {
  return Object.entries(headers)
    .filter(([name]) => !name.startsWith(':'))
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, String(one)] as const));
}
