import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { LambdaEvent, LambdaResult } from '../../../src/adapters/lambda.ts';

/** What sends the events: an HTTP API (format 2.0), a REST API (format 1.0), a function URL, or a load balancer. */
export type Sender = 'http-api' | 'rest-api' | 'function-url' | 'load-balancer' | 'load-balancer-lists';

type Body = Pick<LambdaEvent, 'body' | 'isBase64Encoded'>;

/** A function URL encodes every body here; the others encode those that are not text. */
function bodyIn(bytes: Buffer, sender: Sender): Body {
  const isText = sender !== 'function-url' && isUtf8(bytes);
  if (bytes.length === 0) return { body: sender.startsWith('load') ? '' : null, isBase64Encoded: false };
  return { body: bytes.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** All values of each name; API Gateway decodes the query, a load balancer does not. */
function queryOf(search: string, isDecoded: boolean): Record<string, string[]> {
  const values: Record<string, string[]> = {};
  const raw = search.split('&').filter((pair) => pair !== '');
  const pairs = isDecoded ? new URLSearchParams(search) : raw.map((pair) => pair.split('=') as [string, string]);
  for (const [name, value] of pairs) values[name] = [...(values[name] ?? []), value];
  return values;
}

const lastOf = (lists: Readonly<Record<string, string[]>>) =>
  Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, values.at(-1) as string]));

/** The request's headers in the client's spelling, as a REST API passes them. */
function spelled({ rawHeaders }: IncomingMessage): Record<string, string[]> {
  const lists: Record<string, string[]> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    lists[name] = [...(lists[name] ?? []), value];
  }
  return lists;
}

/** Turns a request into the event that the sender makes of it. */
export async function eventOf(request: IncomingMessage, sender: Sender): Promise<LambdaEvent> {
  const { method = '', url = '/' } = request;
  const [path = '', search = ''] = url.split('?', 2);
  const content = bodyIn(await buffer(request), sender);
  const lower = request.headersDistinct as Record<string, string[]>;
  switch (sender) {
    case 'http-api':
    case 'function-url': {
      const { cookie, ...lists } = lower;
      const headers = Object.fromEntries(Object.entries(lists).map(([name, lines]) => [name, lines.join(',')]));
      return {
        ...{ version: '2.0', rawPath: path, rawQueryString: search, headers },
        ...(cookie && { cookies: cookie.join('; ').split('; ') }),
        ...{ requestContext: { http: { method, path } }, ...content },
      } as LambdaEvent;
    }
    case 'rest-api': {
      const query = queryOf(search, true);
      const hasQuery = search !== '';
      return {
        ...{ httpMethod: method, path, headers: lastOf(spelled(request)), multiValueHeaders: spelled(request) },
        queryStringParameters: hasQuery ? lastOf(query) : null,
        multiValueQueryStringParameters: hasQuery ? query : null,
        ...{ requestContext: { path: `/prod${path}` }, ...content },
      };
    }
    case 'load-balancer':
    case 'load-balancer-lists': {
      const query = queryOf(search, false);
      const parts =
        sender === 'load-balancer'
          ? { headers: lastOf(lower), queryStringParameters: lastOf(query) }
          : { multiValueHeaders: lower, multiValueQueryStringParameters: query };
      return { httpMethod: method, path, ...parts, requestContext: { elb: {} }, ...content };
    }
  }
}

/** The header lines that the sender takes from a result. */
function linesOf({ headers = {}, multiValueHeaders = {}, cookies = [] }: LambdaResult, sender: Sender) {
  const single = Object.entries(headers).map(([name, value]): [string, string[]] => [name, [value]]);
  const lists = Object.entries(multiValueHeaders);
  switch (sender) {
    case 'http-api':
    case 'function-url':
      return cookies.length === 0 ? single : [...single, ['set-cookie', cookies] as [string, string[]]];
    case 'rest-api':
      return [...single, ...lists];
    case 'load-balancer':
      return single;
    case 'load-balancer-lists':
      return lists;
  }
}

/** Answers with a result as the sender does, and with headers of its own. */
export function respond(
  response: ServerResponse,
  result: LambdaResult,
  sender: Sender,
  own: readonly (readonly [name: string, value: string | string[]])[] = [],
): void {
  const { statusCode, body = '', isBase64Encoded } = result;
  response.statusCode = statusCode;
  for (const [name, values] of linesOf(result, sender)) response.setHeader(name, values);
  for (const [name, value] of own) response.setHeader(name, value);
  response.end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}
