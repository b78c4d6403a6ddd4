/** The requirements of an idempotent endpoint, by the numbers that the names of tests begin with. */

/** What each row says. */
export const rows: Readonly<Record<string, string>> = {
  R1: 'a new key runs, and its answer says so',
  R2: 'a repeat gets the same status and bytes',
  R3: 'a replay is marked',
  R4: 'two keys are two operations',
  R5: 'a missing key that is required is refused',
  R6: 'without a key nothing is stored',
  R7: 'a quoted key',
  R8: 'a quoted key and the bare one are the same',
  R9: 'strict: a bare key is refused',
  R10: 'a malformed key is refused',
  R11: 'an empty key is refused',
  R12: 'a key of 255 characters, and of 256',
  R13: 'a repeated or joined key is refused',
  R14: "the header's name is read in any case",
  R15: 'keys are compared with case',
  R16: "a key with the store's special characters",
  R17: 'the key with another payload is refused',
  R18: 'that refusal changes nothing',
  R19: 'another query is another payload',
  R20: 'another path or method is another operation',
  R21: 'JSON: other order and white space',
  R22: 'JSON: other values',
  R23: 'JSON: repeated names',
  R24: 'multipart: another boundary',
  R25: 'members that may differ',
  R26: 'a record of an older version',
  R27: 'another payload while the first request runs',
  R28: 'a duplicate while the first request runs',
  R29: 'its Retry-After and code',
  R30: 'a duplicate waits for the answer',
  R31: 'fifty requests at once run once',
  R32: 'a refused duplicate is not stored',
  R33: 'a 4xx is kept',
  R34: 'a refusal before the guard leaves no record',
  R35: 'refuse: a 500 is kept',
  R36: 'rerun: a 500 is released',
  R37: 'refuse: a throw is kept',
  R38: 'rerun: an answer that says "come back" is released',
  R39: 'a transaction that was not committed',
  R40: 'a transaction that was committed, and not answered',
  R41: 'a worker died',
  R42: 'a handler that runs longer than its lease',
  R43: 'a stalled worker ends late',
  R44: 'a stalled worker changes nothing after a takeover',
  R45: 'the client disconnects',
  R46: 'a key after its retention',
  R47: 'a sweep before the end of retention',
  R48: 'clocks that differ by minutes',
  R49: 'principals are kept apart',
  R50: 'permission was revoked',
  R51: 'headers that are not replayed',
  R52: 'headers that are replayed',
  R53: 'binary and empty bodies',
  R54: 'an answer over the limit',
  R55: 'a request over the limit',
  R56: 'a streamed answer',
  R57: 'a broken stream',
  R58: 'safe methods',
  R59: 'PUT and DELETE',
  R60: 'the store is down before the claim',
  R61: 'the store fails while the answer is stored',
  R62: 'encrypted records',
  R63: 'the form of a problem',
  R64: 'caching of replays and problems',
  R65: 'requests of another origin',
  R66: 'the client retries with the same key and bytes',
  R67: 'the client and each refusal',
  R68: 'the key of a step is the same at each attempt',
  R69: 'a webhook that is delivered twice',
  R70: 'published OpenAPI',
  R71: 'a saved step after a release',
  R72: "a claim's lost reply",
  R73: 'a lapsed record and another payload',
  R74: 'rerun: "not final" of another service',
  R75: 'headers of another origin',
  R76: 'a header that changes the meaning',
  R77: 'a handler that hangs',
  R78: 'keys of steps after retention',
  R79: 'a lapsed record of refuse on a route with rerun',
  R80: 'a compressed answer for another client',
  R81: 'refuse: an answer that says "come back" is kept',
  R82: 'a key that is set by an adapter in front',
  R83: 'a request that was read before the guard',
  R84: 'a body that was consumed without its content',
  R85: 'an answer given before the guard',
  R86: 'an answer after the client has left',
  R87: 'old middleware that rewrites headers',
  R88: 'the Retry-After of a running request is 1',
  R89: 'refuse: "not final" of another service',
  R90: 'the client left before the handler began',
  R91: 'a call of the store that is never answered',
};

/** A row without a test in the adapter suite: why, and the test that covers it. */
interface Elsewhere {
  readonly reason: string;
  readonly test?: string;
}

/** The rows that are not in the adapter suite. */
export const elsewhere: Readonly<Record<string, Elsewhere>> = {
  R62: {
    reason: 'concerns stores, not adapters',
    test: 'packages/latchkey/test/stores/encrypted/encrypted-store.test.ts',
  },
  R65: {
    reason: "CORS is the application's; the guard exports the list of headers",
    test: 'packages/latchkey/test/http/problems.test.ts',
  },
  R66: { reason: 'concerns the client', test: 'packages/latchkey/test/client/retries.test.ts' },
  R67: { reason: 'concerns the client', test: 'packages/latchkey/test/client/retries.test.ts' },
  R69: { reason: 'Latchkey has no part of its own for webhooks' },
  R70: {
    reason: '`latchkey/openapi` adds it to the document of the application',
    test: 'packages/latchkey/test/openapi/openapi.test.ts',
  },
  R82: {
    reason: 'only on Node, where other code may make the request',
    test: 'packages/latchkey/test/adapters/set-headers.test.ts',
  },
  R83: {
    reason: 'only on Node, where a request is a stream',
    test: 'packages/latchkey/test/adapters/node-request.test.ts',
  },
  R84: {
    reason: 'only on Node, where a parser may come before the guard',
    test: 'edges/test/body-parsers.test.ts',
  },
  R87: {
    reason: 'only on Node, where middleware may change a response',
    test: 'edges/test/old-header-middleware.test.ts',
  },
  R91: {
    reason: 'concerns the engine, which all adapters share',
    test: 'packages/latchkey/test/core/engine-unanswered-calls.test.ts',
  },
};

const wholeAnswers = 'Lambda sends complete answers; response streaming is not supported';

/** The rows that do not apply to one adapter, and why. */
export const inapplicable: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  lambda: { R56: wholeAnswers, R57: wholeAnswers },
  next: { R80: 'Next removes Content-Encoding from every answer of a route handler' },
};
