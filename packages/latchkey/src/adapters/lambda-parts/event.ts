/**
 * Reads the events of API Gateway (payload formats 1.0 and 2.0), function URLs and load balancers.
 *
 * @module
 */

export type EventValues<Value> = Readonly<Record<string, Value | undefined>> | null | undefined;

/**
 * The members of an event that the guard reads. The types of `@types/aws-lambda` fit: `APIGatewayProxyEvent`,
 * `APIGatewayProxyEventV2`, `LambdaFunctionURLEvent` and `ALBEvent`.
 */
export interface LambdaEvent {
  readonly requestContext: {
    /** Format 2.0 and function URLs. */
    readonly http?: { readonly method: string } | undefined;
    /** API Gateway, format 1.0: the path with its stage. */
    readonly path?: string | undefined;
    /** Load balancers. */
    readonly elb?: object | undefined;
  };
  readonly httpMethod?: string | undefined;
  readonly path?: string | undefined;
  readonly rawPath?: string | undefined;
  readonly rawQueryString?: string | undefined;
  readonly queryStringParameters?: EventValues<string>;
  readonly multiValueQueryStringParameters?: EventValues<readonly string[]>;
  readonly headers?: EventValues<string>;
  readonly multiValueHeaders?: EventValues<readonly string[]>;
  readonly cookies?: readonly string[] | undefined;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded?: boolean | undefined;
}

/** How the sender of an event takes headers in the result. */
export type HeaderForm =
  /** Format 2.0 and function URLs: one value per name, and a list of cookies. */
  | 'single-with-cookies'
  /** Format 1.0: one value per name, or a list. */
  | 'both'
  /** Load balancers with multi-value headers: only lists. */
  | 'lists'
  /** Load balancers without them: one value per name. */
  | 'single';

/** Determines the form of the result. */
export function headerFormOf(event: LambdaEvent): HeaderForm {
  const { http, elb } = event.requestContext ?? {};
  if (http !== undefined) return 'single-with-cookies';
  if (elb === undefined) return 'both';
  return event.multiValueHeaders ? 'lists' : 'single';
}

/**
 * Whether an event has the shape of a request. A function may also get events of a schedule, or of a warmer. The events
 * of an application's tests may lack members that the types require.
 */
export function isRequest(event: unknown): event is LambdaEvent {
  if (typeof event !== 'object' || event === null) return false;
  const { requestContext, httpMethod } = event as Partial<LambdaEvent>;
  return requestContext?.http?.method !== undefined || httpMethod !== undefined;
}

/** In upper case. */
export function methodOf({ requestContext, httpMethod = '' }: LambdaEvent): string {
  return (requestContext?.http?.method ?? httpMethod).toUpperCase();
}

/** Path and query. */
export function targetOf(event: LambdaEvent): string {
  const { requestContext, rawPath, path } = event;
  const whole = rawPath ?? requestContext?.path ?? path ?? '/';
  const query = event.rawQueryString ?? queryOf(event);
  return query === '' ? whole : `${whole}?${query}`;
}

/**
 * Writes the query from the event's parameters, sorted by name, since the members of an object have no reliable order.
 * API Gateway has decoded the parameters; a load balancer has not.
 */
function queryOf(event: LambdaEvent): string {
  const pairs: [name: string, value: string][] = [];
  const parameters = event.multiValueQueryStringParameters ?? event.queryStringParameters ?? {};
  for (const name of Object.keys(parameters).sort()) {
    for (const value of [parameters[name] ?? []].flat()) pairs.push([name, value]);
  }
  if (event.requestContext?.elb === undefined) return new URLSearchParams(pairs).toString();
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

/** Returns the headers by their name in lower case. A repeated header has several lines, unless the sender joined them. */
export function headersOf({
  multiValueHeaders,
  headers,
  cookies,
}: LambdaEvent): ReadonlyMap<string, readonly string[]> {
  const found = linesOf(multiValueHeaders);
  for (const [name, lines] of linesOf(headers)) if (!found.has(name)) found.set(name, lines);
  if (cookies !== undefined && !found.has('cookie')) found.set('cookie', [cookies.join('; ')]);
  return found;
}

/** API Gateway passes `Name` and `name` as two headers. */
function linesOf(headers: EventValues<string | readonly string[]>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value === undefined || value === null) continue;
    const lower = name.toLowerCase();
    found.set(lower, [...(found.get(lower) ?? []), ...[value].flat()]);
  }
  return found;
}

/** The bytes of the body. */
export function bodyOf({ body, isBase64Encoded }: LambdaEvent): Uint8Array {
  return Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8');
}
