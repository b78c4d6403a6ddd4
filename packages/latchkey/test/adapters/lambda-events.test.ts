import { describe, expect, it } from 'vitest';
import { idempotency, type LambdaEvent } from '../../src/adapters/lambda.ts';
import { firstKey } from '../../src/testing/adapter-suite/world.ts';
import { invocation } from './apps/lambda.ts';
import { balancer, codeOf, created, httpApi, json, restApi, setup, statusOf } from './apps/lambda-rig.ts';

describe('events', () => {
  const same: Readonly<Record<string, readonly [LambdaEvent, LambdaEvent]>> = {
    'a body as text and as base64': [
      httpApi({ body: '{"a":"é"}' }),
      httpApi({ body: Buffer.from('{"a":"é"}').toString('base64'), isBase64Encoded: true }),
    ],
    'no body and an empty one': [restApi({ body: null }), restApi({ body: '' })],
    'parameters in another order': [
      restApi({ multiValueQueryStringParameters: { a: ['1', '2'], b: ['é&='] } }),
      restApi({ multiValueQueryStringParameters: { b: ['é&='], a: ['1', '2'] } }),
    ],
    'headers in another spelling': [
      restApi({ multiValueHeaders: { 'IDEMPOTENCY-KEY': [firstKey], 'If-Match': ['"a"'] }, headers: null }),
      restApi({ multiValueHeaders: { 'idempotency-key': [firstKey], 'if-match': ['"a"'] }, headers: null }),
    ],
    'headers as values and as lists': [
      balancer(),
      balancer({
        headers: null,
        multiValueHeaders: { 'content-type': ['application/json'], 'idempotency-key': [firstKey] },
      }),
    ],
  };
  it.each(Object.entries(same))('treats %s alike', async (_name, [first, second]) => {
    const handler = idempotency(setup().options)(async () => created);
    expect(statusOf(await handler(first, invocation()))).toBe('executed');
    expect(statusOf(await handler(second, invocation()))).toBe('replayed');
  });

  const different: Readonly<Record<string, readonly [LambdaEvent, LambdaEvent]>> = {
    'bytes that are not text': [
      httpApi({ body: Buffer.from([0xff, 0]).toString('base64'), isBase64Encoded: true }),
      httpApi({ body: Buffer.from([0xff, 1]).toString('base64'), isBase64Encoded: true }),
    ],
    'values of a repeated parameter in another order': [
      restApi({ multiValueQueryStringParameters: { a: ['1', '2'] } }),
      restApi({ multiValueQueryStringParameters: { a: ['2', '1'] } }),
    ],
    'a value that looks like two parameters': [
      restApi({ queryStringParameters: { a: '1&b=2' } }),
      restApi({ queryStringParameters: { a: '1', b: '2' } }),
    ],
    'parameters of a load balancer that differ once decoded': [
      balancer({ queryStringParameters: { a: '1%262' } }),
      balancer({ queryStringParameters: { a: '1%2525' } }),
    ],
    'a meaningful header': [
      httpApi({ headers: { ...json, prefer: 'a' } }),
      httpApi({ headers: { ...json, prefer: 'b' } }),
    ],
  };
  it.each(Object.entries(different))('distinguishes %s', async (_name, [first, second]) => {
    const handler = idempotency(setup().options)(async () => created);
    expect(statusOf(await handler(first, invocation()))).toBe('executed');
    expect(codeOf(await handler(second, invocation()))).toBe('key-reused');
  });

  it('compares cookies if the route names them', async () => {
    const handler = idempotency(setup({ fingerprint: { headers: ['Cookie'] } }).options)(async () => created);
    const sent = (cart: string) => handler(httpApi({ cookies: ['theme=dark', `cart=${cart}`] }), invocation());
    expect(statusOf(await sent('1'))).toBe('executed');
    expect(statusOf(await sent('1'))).toBe('replayed');
    expect(codeOf(await sent('2'))).toBe('key-reused');
  });

  it.each([
    ['on one line', httpApi({ headers: { ...json, 'idempotency-key': 'a,b' } })],
    ['on two lines', restApi({ headers: json, multiValueHeaders: { 'Idempotency-Key': ['a', 'b'] } })],
    ['in two spellings', restApi({ headers: { 'Idempotency-Key': 'a', 'idempotency-key': 'a' } })],
  ])('refuses two keys %s', async (_name, event) => {
    const handler = idempotency(setup().options)(async () => created);
    expect(codeOf(await handler(event, invocation()))).toBe('key-invalid');
  });

  it('reads a header that middleware has added to one of the two maps', async () => {
    const handler = idempotency(setup().options)(async () => created);
    const event = restApi({ headers: json, multiValueHeaders: { 'content-type': ['application/json'] } });
    expect(statusOf(await handler(event, invocation()))).toBe('executed');
  });

  it('protects an event that lacks members, as in a test of an application', async () => {
    const handler = idempotency(setup().options)(async () => created);
    const event = { httpMethod: 'post', headers: json } as object as LambdaEvent;
    expect(statusOf(await handler(event, invocation()))).toBe('executed');
    expect(statusOf(await handler(event, invocation()))).toBe('replayed');
  });

  it('separates the stages of a REST API', async () => {
    const handler = idempotency(setup().options)(async () => created);
    for (const path of ['/prod/orders', '/test/orders'])
      expect(statusOf(await handler(restApi({ requestContext: { path } }), invocation()))).toBe('executed');
  });

  it('passes events that are no request, and requests without a key', async () => {
    const { options, count } = setup();
    const received: unknown[] = [];
    const guard = idempotency(options);
    const handler = guard(async (event) => {
      received.push(event);
      return { statusCode: 204 };
    });
    const scheduled = { source: 'aws.events' } as object as LambdaEvent;
    expect(await handler(scheduled, invocation())).toEqual({ statusCode: 204 });
    expect(await handler(httpApi({ headers: {} }), invocation())).toEqual({ statusCode: 204 });
    expect(received[0]).toBe(scheduled);
    expect(await count('completed')).toBe(0);
  });
});
