/**
 * Requests through an adapter for AWS Lambda, without a connection.
 *
 * @module
 */

import type { Lambda, LambdaAnswer } from '../../test/kit/lambdas.ts';
import { type Answer, noAnswer } from './answer.ts';
import type { Call, Message } from './call.ts';

/** Calls the function. */
export class LambdaConnection {
  readonly #lambda: Lambda;

  constructor(lambda: Lambda) {
    this.#lambda = lambda;
  }

  /** Starts a request, which is sent completely or not at all. */
  call(message: Message): Call {
    let isAnswered = false;
    let answer: (answer: Answer) => void = () => {};
    const answered = new Promise<Answer>((resolve) => {
      answer = (found) => {
        isAnswered = true;
        resolve(found);
      };
    });
    const body = message.body.toString();
    return {
      answered,
      get isAnswered() {
        return isAnswered;
      },
      get hasHead() {
        return isAnswered;
      },
      send: (_from, to) => {
        if (to < message.body.length) return;
        this.#lambda({ body, headers: message.headers }).then(
          (given) => answer(answerOf(given)),
          () => answer(noAnswer),
        );
      },
      leave: () => {},
      endSide: () => {},
    };
  }

  close(): void {}
}

function answerOf({ statusCode, headers, body = '', isBase64Encoded }: LambdaAnswer): Answer {
  return {
    ...noAnswer,
    status: statusCode,
    headers: Object.entries(headers),
    body: Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8'),
    complete: true,
  };
}
