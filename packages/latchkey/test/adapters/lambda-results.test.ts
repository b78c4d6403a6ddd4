import { describe, expect, it } from 'vitest';
import { idempotency, type LambdaEvent, type LambdaResult } from '../../src/adapters/lambda.ts';
import { firstKey } from '../../src/testing/adapter-suite/world.ts';
import { invocation } from './apps/lambda.ts';
import { balancer, created, httpApi, restApi, setup, statusOf } from './apps/lambda-rig.ts';

describe('results', () => {
  const link = ['</a>; rel="next"', '</b>; rel="prev"'];
  const kept = { Location: '/orders/1' };

  const forms: Readonly<Record<string, readonly [LambdaEvent, given: object, first: object, replay: object]>> = {
    'an HTTP API': [
      httpApi(),
      { headers: { ...kept, Link: link.join(', ') }, cookies: ['a=1', 'b=2'] },
      { headers: { ...kept, Link: link.join(', ') }, cookies: ['a=1', 'b=2'] },
      { headers: { ...kept, Link: link.join(', ') } },
    ],
    'a REST API': [
      restApi(),
      { headers: { ...kept, Link: 'dropped' }, multiValueHeaders: { link, 'Set-Cookie': ['a=1', 'b=2'] } },
      { headers: kept, multiValueHeaders: { link, 'Set-Cookie': ['a=1', 'b=2'] } },
      { headers: kept, multiValueHeaders: { link } },
    ],
    'a load balancer': [
      balancer(),
      { headers: { ...kept, 'Set-Cookie': 'a=1', 'set-cookie': 'b=2' }, statusDescription: '201 Created' },
      { headers: { ...kept, 'Set-Cookie': 'a=1', 'set-cookie': 'b=2' }, statusDescription: '201 Created' },
      { headers: kept },
    ],
    'a load balancer with lists': [
      balancer({ headers: null, multiValueHeaders: { 'Idempotency-Key': [firstKey] } }),
      { multiValueHeaders: { Location: ['/orders/1'], Link: link, 'Set-Cookie': ['a=1'] } },
      { multiValueHeaders: { Location: ['/orders/1'], Link: link, 'Set-Cookie': ['a=1'] } },
      { multiValueHeaders: { Location: ['/orders/1'], Link: link } },
    ],
  };

  /** A result without the guard's own headers. */
  function withoutMarks({ headers, multiValueHeaders, ...rest }: LambdaResult): object {
    const isOwn = ([name]: [string, unknown]) => /^(idempot|cache-control$)/i.test(name);
    const without = (map: object) => Object.fromEntries(Object.entries(map).filter((entry) => !isOwn(entry)));
    return {
      ...rest,
      ...(headers && { headers: without(headers) }),
      ...(multiValueHeaders &&
        Object.keys(without(multiValueHeaders)).length > 0 && { multiValueHeaders: without(multiValueHeaders) }),
    };
  }

  it.each(Object.entries(forms))('have the form of %s', async (_name, [event, given, first, replay]) => {
    const body = { statusCode: 201, body: 'done', isBase64Encoded: false };
    const handler = idempotency(setup().options)(async () => ({ ...body, ...given }) as LambdaResult);
    expect(withoutMarks(await handler(event, invocation()))).toEqual({ ...body, ...first });
    const repeated = await handler(event, invocation());
    expect(statusOf(repeated)).toBe('replayed');
    expect(withoutMarks(repeated)).toEqual({ ...body, ...replay });
  });

  it.each([
    ['bytes', Buffer.from([0xff, 0xfe, 0]), true],
    ['text', Buffer.from('é'), false],
  ])('encode %s in the same way at every answer', async (_name, bytes, isBase64Encoded) => {
    const given = { statusCode: 200, body: bytes.toString('base64'), isBase64Encoded: true };
    const handler = idempotency(setup().options)(async () => given);
    const answers = [await handler(httpApi(), invocation()), await handler(httpApi(), invocation())];
    const body = bytes.toString(isBase64Encoded ? 'base64' : 'utf8');
    expect(answers).toEqual(Array(2).fill(expect.objectContaining({ body, isBase64Encoded })));
  });

  it('drop headers that frame another message', async () => {
    const headers = {
      'Content-Length': '999',
      'Transfer-Encoding': 'chunked',
      Connection: 'keep-alive, X-Hop',
      'X-Hop': '1',
    };
    const handler = idempotency(setup().options)(async () => ({ ...created, headers }));
    for (let time = 0; time < 2; time += 1) {
      const answer = await handler(httpApi(), invocation());
      expect(Object.keys(answer.headers ?? {}).filter((name) => !name.startsWith('Idempot'))).toEqual(
        time === 0 ? [] : ['Cache-Control'],
      );
    }
  });

  it.each([
    [{ id: 1 }, '{"id":1}'],
    ['done', '"done"'],
    [undefined, 'null'],
  ])('of format 2.0 may be a value alone: %j', async (value, body) => {
    const handler = idempotency(setup().options)(async () => value);
    for (const status of ['executed', 'replayed']) {
      const answer = (await handler(httpApi(), invocation())) as LambdaResult;
      expect(answer).toMatchObject({ statusCode: 200, body, headers: { 'content-type': 'application/json' } });
      expect(statusOf(answer)).toBe(status);
    }
  });

  it.each([
    ['without a status code', { body: 'done' }],
    ['with an object as body', { ...created, body: {} }],
    ['with a header on two lines', { ...created, headers: { 'X-Two': 'a\r\nb' } }],
  ])('%s are an error of the handler', async (_name, result) => {
    const handler = idempotency(setup().options)(async () => result as LambdaResult);
    for (const status of ['operation-failed', 'replayed'])
      expect(await handler(restApi(), invocation()).then(statusOf)).toBe(status);
  });
});
