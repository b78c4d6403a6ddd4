/**
 * Finds out which of an idempotency layer's own answers a response is, in the shape of RFC 9457 or of Stripe.
 *
 * @module
 */

/** The answers of a layer that the client treats apart. */
export type AnswerCode = 'in-progress' | 'key-reused' | 'outcome-unknown';

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

async function readJson(response: Response): Promise<Json | undefined> {
  try {
    const value: unknown = await response.clone().json();
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function known(code: unknown): AnswerCode | undefined {
  return code === 'in-progress' || code === 'key-reused' || code === 'outcome-unknown' ? code : undefined;
}

/**
 * Stripe's own codes: `idempotency_key_in_use` while the first request runs; any other `idempotency_error` is a
 * reuse with other parameters. Source: docs.stripe.com/error-codes and docs.stripe.com/api/errors.
 */
function stripeCode(error: unknown): AnswerCode | undefined {
  if (!isObject(error)) return undefined;
  const { code, type } = error;
  if (code === 'idempotency_key_in_use') return 'in-progress';
  return known(code) ?? (type === 'idempotency_error' ? 'key-reused' : undefined);
}

/** The layer's code of a response whose body is all there; undefined if it is any other answer. */
export async function answerCode(response: Response): Promise<AnswerCode | undefined> {
  if (response.status < 400) return undefined;
  const type = response.headers.get('content-type') ?? '';
  if (!/^application\/(problem\+)?json\b/i.test(type)) return undefined;
  const json = await readJson(response);
  if (json === undefined) return undefined;
  return (
    (type.toLowerCase().startsWith('application/problem+json') ? known(json['code']) : undefined) ??
    stripeCode(json['error'])
  );
}
