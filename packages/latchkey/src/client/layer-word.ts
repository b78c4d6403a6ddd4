/**
 * Finds out what an idempotency layer itself says with a response: by the field of this library's own layers, or by
 * the body in the shape of RFC 9457 or of Stripe.
 *
 * @module
 */

/** What a layer says. */
export interface LayerWord {
  /** The layer's permanent code; undefined if the response is no answer of a layer. */
  readonly code: string | undefined;
  /** True if the layer says that the operation isn't decided by this response. */
  readonly undecided: boolean;
}

const silence: LayerWord = { code: undefined, undecided: false };
const undecidedCodes = ['in-progress', 'key-quarantined', 'outcome-unknown'];

function wordOf(code: unknown): LayerWord {
  return typeof code === 'string' ? { code, undecided: undecidedCodes.includes(code) } : silence;
}

/** `Idempotency-Status: in-progress;final=?0`, which every error of this library's layers carries in every style. */
function wordOfField(field: string | null): LayerWord | undefined {
  const match = /^\s*([a-z-]+)\s*(;\s*final=\?0)?/.exec(field ?? '');
  return match === null ? undefined : { code: match[1], undecided: match[2] !== undefined };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * Stripe's own codes: `idempotency_key_in_use` while the first request runs; any other `idempotency_error` is a
 * reuse with other parameters. Source: docs.stripe.com/error-codes and docs.stripe.com/api/errors.
 */
function stripeWord(error: unknown): LayerWord {
  const ours = wordOf(member(error, 'latchkey_code'));
  if (ours.code !== undefined) return ours;
  if (member(error, 'code') === 'idempotency_key_in_use') return wordOf('in-progress');
  return member(error, 'type') === 'idempotency_error' ? wordOf('key-reused') : silence;
}

async function wordOfBody(response: Response): Promise<LayerWord> {
  const type = response.headers.get('content-type')?.toLowerCase() ?? '';
  if (!/^application\/(problem\+)?json\b/.test(type)) return silence;
  const json: unknown = await response.clone().json();
  return type.startsWith('application/problem+json') ? wordOf(member(json, 'code')) : stripeWord(member(json, 'error'));
}

/** Reads a response whose body is all there. */
export async function layerWord(response: Response): Promise<LayerWord> {
  if (response.status < 400) return silence;
  const said = wordOfField(response.headers.get('idempotency-status'));
  return said ?? wordOfBody(response).catch(() => silence);
}
