/**
 * The calls of one named operation: each key runs once, and every further call gets the first result.
 *
 * @module
 */

import type { Context, Jsonify } from '../core/context.ts';
import { Engine } from '../core/engine/engine.ts';
import { LatchkeyError, LeaseLostError, StoreUnavailableError } from '../core/errors.ts';
import type { Operation, Outcome } from '../core/operation.ts';
import { checkSealed } from '../core/options/common.ts';
import { noteSettings, type OperationSettings, settingsOf } from '../core/settings.ts';
import type { StoredResult, TransactionKind } from '../core/store.ts';
import { type Codec, encodeValue, stringify } from '../core/support/codec.ts';
import { fingerprintDigests, principalDigest, recordId } from '../core/support/digest.ts';
import { isLostInJson } from '../core/support/plain-json.ts';
import { FunctionCall, type Keeping } from './function-call.ts';
import type { FunctionSettings } from './options.ts';
import { decodeFailure, isFailure, successBytes } from './result.ts';

const maxKeyLength = 255;
const maxSavedInputBytes = 65_536;

function sortMembers(_name: string, value: unknown): unknown {
  if (isLostInJson(value))
    throw new TypeError('JSON drops the content of this value, so two different values would look the same.');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Calls without a principal must not share one. */
function principalOf<Input>(name: string, input: Input, principal: ((input: Input) => string) | undefined): string {
  if (principal === undefined) return '';
  const identity: unknown = principal(input);
  if (typeof identity === 'string' && identity !== '') return identity;
  throw new LatchkeyError('principal-missing', `The principal of ${name} must be a non-empty string.`);
}

function checkedKey(name: string, key: unknown): string {
  if (typeof key === 'string' && key.length > 0 && key.length <= maxKeyLength) return key;
  throw new LatchkeyError('key-invalid', `The key of ${name} must be a string of 1 to ${maxKeyLength} characters.`);
}

/** The error of an outcome without a result; undefined if the function ran or is replayed. */
function refusal(name: string, outcome: Outcome): LatchkeyError | undefined {
  switch (outcome.kind) {
    case 'mismatch':
      return new LatchkeyError(
        'key-reused',
        `This key of ${name} was used for another payload. If this call is a retry, part of its input changes between tries, such as an attempt number: let the option payload return only the input that defines the call. Otherwise use a new key.`,
      );
    case 'in-progress': {
      const { retryAfterMs } = outcome;
      return new LatchkeyError('in-progress', `${name} is running for this key. Try again later.`, { retryAfterMs });
    }
    case 'outcome-unknown':
      return new LatchkeyError('outcome-unknown', `The worker that ran ${name} for this key died. Resolve the record.`);
    case 'unavailable':
      return outcome.error;
    default:
      return undefined;
  }
}

/** The error for a result that could not be stored; undefined if the result may be returned. */
function recordingError(outcome: Outcome): LatchkeyError | undefined {
  if (outcome.kind !== 'executed') return undefined;
  if (outcome.recorded === 'lost') return new LeaseLostError('Another worker took over this record. Try again.');
  const unstored = outcome.recorded === 'unstored' && outcome.policy === 'rerun';
  return unstored ? new StoreUnavailableError('The result could not be stored. Try again.') : undefined;
}

/** The options of an operation, without those that belong to the results of its calls. */
type CallSettings<Input, Kind extends TransactionKind> = Omit<FunctionSettings<Input, never, Kind>, 'codec' | 'keep'>;

/** Returns a function that makes the operation of a call. */
function operations<Input, Kind extends TransactionKind>(
  options: CallSettings<Input, Kind>,
  settings: OperationSettings,
) {
  const { name } = options;
  const digestsOf = fingerprintDigests(options.fingerprint.secrets);
  return (input: Input): Operation => {
    const principal = principalOf(name, input, options.principal);
    const payload = options.payload === undefined ? input : options.payload(input);
    const acceptable = digestsOf('f1', stringify(payload, sortMembers) ?? '');
    return {
      id: recordId(principal, [name], checkedKey(name, options.key(input))),
      principal: principalDigest(principal),
      name,
      fingerprint: acceptable[0] ?? '',
      acceptable,
      ...(options.saveInput && { request: savedInput(name, input) }),
      settings,
    };
  };
}

function savedInput(name: string, input: unknown): Uint8Array {
  const bytes = encodeValue(input);
  if (bytes.byteLength <= maxSavedInputBytes) return bytes;
  throw new LatchkeyError(
    'request-too-large',
    `The input of ${name} must be at most ${maxSavedInputBytes} bytes for saveInput; got ${bytes.byteLength}. Pass a reference, such as an id.`,
  );
}

function openResult<Result>(name: string, codec: Codec<Result>, result: StoredResult | undefined): Jsonify<Result> {
  if (result === undefined || result.kind === 'tombstone') {
    throw new LatchkeyError('response-not-kept', `${name} is done for this key; its result was too large to keep.`);
  }
  if (isFailure(result.bytes)) throw decodeFailure(name, result.bytes);
  return codec.decode(successBytes(result.bytes)) as Jsonify<Result>;
}

/** The calls of an operation. */
export interface Calls<Input, Kind extends TransactionKind> {
  readonly settings: OperationSettings;
  /** Runs `fn` for a new key; otherwise returns the result of the first call. */
  run<Result>(
    input: Input,
    fn: (context: Context<Kind, Result, Jsonify<Result>>) => Promise<Result> | Result,
    keeping: Keeping<Result>,
  ): Promise<Jsonify<Result>>;
}

/**
 * Prepares the calls of an operation.
 *
 * @param where - the factory, as errors name it.
 * @throws LatchkeyError `option-invalid`.
 */
export function callsOf<Input, Kind extends TransactionKind>(
  where: string,
  read: CallSettings<Input, Kind>,
): Calls<Input, Kind> {
  const { name, store, runtime, log, onEvent } = read;
  checkSealed(where, store, read.fingerprint.secrets);
  const settings = settingsOf(read);
  noteSettings(store, settings);
  const operationOf = operations(read, settings);
  const engine = new Engine<Kind>({ store, runtime, log, onEvent });
  return {
    settings,
    run: async <Result>(
      input: Input,
      fn: (context: Context<Kind, Result, Jsonify<Result>>) => Promise<Result> | Result,
      keeping: Keeping<Result>,
    ) => {
      const call = new FunctionCall(keeping);
      const outcome = await engine.run<Result, Jsonify<Result>>(
        operationOf(input),
        (context) => call.run(() => fn(context)),
        call,
      );
      if (call.thrown !== undefined) throw call.thrown.error;
      const error = refusal(name, outcome) ?? recordingError(outcome);
      if (error !== undefined) throw error;
      return openResult(name, keeping.codec, outcome.kind === 'replay' ? outcome.result : call.made);
    },
  };
}
