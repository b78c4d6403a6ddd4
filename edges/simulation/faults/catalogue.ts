/**
 * Deliberate faults: former bugs and possible ones.
 *
 * @module
 */

/** A change of one file of the built library. */
export interface Edit {
  readonly file: string;
  /** Must occur exactly once in the file. */
  readonly from: string;
  readonly to: string;
}

/** A fault by name. */
export interface Fault {
  readonly name: string;
  readonly edits: readonly Edit[];
}

export const faults: readonly Fault[] = [
  {
    name: 'V1: the handler runs although its client disconnected before it could read the body',
    edits: [
      {
        file: 'adapters/node-http/exchange.js',
        from: 'const { headersSent, writableEnded } = this.#response;',
        to: 'return true;',
      },
    ],
  },
  {
    name: 'F1: an answer of the layer is written with a flat list of headers',
    edits: [
      {
        file: 'adapters/node-http/write-answer.js',
        from: 'writer.setHeader.call(response, name, lines);',
        to: 'flat.push(...[lines].flat().flatMap((line) => [name, line]));',
      },
      {
        file: 'adapters/node-http/write-answer.js',
        from: 'for (const [name, lines] of mayRepeat(headers) ? linesByName(headers) : headers) {',
        to: 'const flat = []; for (const [name, lines] of linesByName(headers)) {',
      },
      {
        file: 'adapters/node-http/write-answer.js',
        from: 'writer.writeHead.call(response, status);',
        to: 'writer.writeHead.call(response, status, flat);',
      },
    ],
  },
  {
    name: 'F4: a request that is complete before its body was read counts as empty',
    edits: [
      {
        file: 'adapters/node-http/body-reader.js',
        from: 'return isComplete(request) && (bytes > 0 || isFedByNode(request));',
        to: 'return isComplete(request);',
      },
    ],
  },
  {
    name: 'F6: a forwarded response keeps the framing of its connection',
    edits: [
      {
        file: 'adapters/fetch-api/exchange.js',
        from: 'const headers = endToEndHeaders(made);',
        to: 'const headers = new Headers(made.headers);',
      },
    ],
  },
  {
    name: 'F7: an answer that stopped with its client is awaited until the time limit of the handler',
    edits: [
      {
        file: 'adapters/node-http/client-gone.js',
        from: 'this.#timer = runtime.timers.set(this.#giveUp, route.settings.leaseMs);',
        to: '',
      },
    ],
  },
  {
    name: 'F8: headers look unsent while the answer is held',
    edits: [{ file: 'adapters/node-http/response-head.js', from: "response._header = 'held back';", to: ';' }],
  },
  {
    name: 'F9: the 404 of an unknown route is an operation',
    edits: [{ file: 'adapters/fastify-parts/hooks.js', from: 'if (request.is404)', to: 'if (false)' }],
  },
  {
    name: 'a replay only has the last of repeated headers',
    edits: [
      { file: 'adapters/node-http/write-answer.js', from: 'found[1] = [found[1], value];', to: 'found[1] = value;' },
    ],
  },
  {
    name: 'over HTTP/2 a response whose client has disconnected looks open',
    edits: [
      {
        file: 'adapters/node-http/response-head.js',
        from: "return destroyed ?? Reflect.get(Object(Reflect.get(response, 'stream')), 'destroyed') === true;",
        to: 'return destroyed === true;',
      },
    ],
  },
  {
    name: 'a body that the guard has read is not put back',
    edits: [{ file: 'adapters/node-http/body-reader.js', from: 'this.#request.unshift(this.#joined());', to: ';' }],
  },
];
