/** Client and server classify another layer's answer in the same way, by the same table. */

import { describe, expect, it } from 'vitest';
import { idempotentFetch } from '../../src/client/index.ts';
import { acp, ietf, stripe, ucp } from '../../src/dialects/index.ts';
import type { PlainResponse } from '../../src/http/exchange.ts';
import type { Dialect } from '../../src/http/problems/dialect.ts';
import { problemResponse } from '../../src/http/problems/problem-response.ts';
import { problem } from '../../src/http/problems/problems.ts';
import { isNotFinal } from '../../src/http/response/classify.ts';
import { isFinalCode, type ProblemCode, problemCodes } from '../../src/protocol/problem-codes.ts';
import { formatStatus, parseStatus } from '../../src/protocol/status-header.ts';

/** Without the status header, the code is read from the body, if its form has one. */
const dialects: readonly (readonly [Dialect, inBody: readonly ProblemCode[]])[] = [
  [ietf, problemCodes],
  [stripe, problemCodes],
  [acp, ['key-reused', 'in-progress']],
  [ucp, []],
];
const cases = dialects.flatMap(([dialect, inBody]) => [
  ...problemCodes.map((code) => ({ name: dialect.name, dialect, code, visible: true })),
  ...inBody.map((code) => ({ name: dialect.name, dialect, code, visible: false })),
]);

function answerOf({ dialect, code, visible }: (typeof cases)[number]): PlainResponse {
  const answer = problemResponse(problem(code), {}, { dialect, onProblem: undefined, emit: undefined });
  if (visible) return answer;
  return { ...answer, headers: answer.headers.filter(([name]) => name !== 'Idempotency-Status') };
}

async function keepsKeyAfter({ status, headers: lines, body }: PlainResponse): Promise<boolean> {
  const headers = new Headers(lines.map(([name, value]): [string, string] => [name, value]));
  const fetch = () => Promise.resolve(new Response(new Uint8Array(body), { status, headers }));
  const client = idempotentFetch({ storage: 'memory', fetch, maxAttempts: 1, totalTimeoutMs: 1 });
  await client('http://127.0.0.1/', { method: 'POST', operation: 'o' }).catch(() => undefined);
  return client.isPending('o');
}

describe('a problem that is not final', () => {
  it.each(cases)(
    '$code, $name, status header visible: $visible, is read in the same way by client and guard',
    async (row) => {
      const answer = answerOf(row);
      const open = !isFinalCode(row.code);
      expect(isNotFinal(answer)).toBe(open);
      if (open) expect(await keepsKeyAfter(answer)).toBe(true);
      else if (answer.status < 500) expect(await keepsKeyAfter(answer)).toBe(false);
    },
  );
});

describe('the status header', () => {
  it.each([
    ['in-progress', false],
    ['key-reused', true],
  ])('is read back: %s', (word, final) => {
    expect(parseStatus(formatStatus(word, final))).toEqual({ word, final });
  });

  it.each([
    [' replayed ', { word: 'replayed', final: true }],
    ['x; a=1 ; final=?0', { word: 'x', final: false }],
    ['x; final=?1', { word: 'x', final: true }],
    ['', undefined],
    ['"x"', undefined],
    ['X', undefined],
    [null, undefined],
  ])('%j', (value, expected) => expect(parseStatus(value)).toEqual(expected));
});
