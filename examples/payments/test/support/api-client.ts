/** A request to the API. */
export interface ApiRequest {
  readonly method?: string;
  readonly apiKey?: string;
  readonly key?: string;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, if it is JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The parameters of a valid charge. */
export const goodCharge = { amount: '2000', currency: 'usd', source: 'tok_amex' } as const;

/** Calls the API like curl. */
export async function callApi(url: string, request: ApiRequest = {}): Promise<ApiAnswer> {
  const { method, form, json } = request;
  const body = form ? new URLSearchParams(form).toString() : json === undefined ? null : JSON.stringify(json);
  const response = await fetch(url, {
    method: method ?? (body === null ? 'GET' : 'POST'),
    headers: headersOf(request),
    body,
    redirect: 'manual',
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

function headersOf({ apiKey = 'sk_test_123', key, form, json, headers }: ApiRequest): Record<string, string> {
  return {
    ...(apiKey !== '' && { authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}` }),
    ...(key !== undefined && { 'idempotency-key': key }),
    ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(json !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
