import { describe, expect, it } from 'vitest';
import { plainToResponse } from '../../src/http/response/fetch-response.ts';
import { withLength } from '../../src/http/response/replay.ts';

describe.each([204, 205, 304])('an answer with status %i', (status) => {
  it('has no body and no length, in plain form as in the Fetch API', async () => {
    const plain = withLength(status, [], new Uint8Array([1]));
    expect(plain).toEqual({ status, headers: [], body: new Uint8Array() });
    const response = plainToResponse({ status, headers: [], body: new Uint8Array([1]) });
    expect([response.status, response.body, response.headers.get('content-length')]).toEqual([status, null, null]);
  });
});
