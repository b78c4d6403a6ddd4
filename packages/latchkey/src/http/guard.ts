/**
 * Handles one request in the guard, in order.
 *
 * @module
 */

import type { Operation } from '../core/operation.ts';
import type { TransactionKind } from '../core/store.ts';
import type { AnyExchange, Exchange, GuardAnswer } from './exchange.ts';
import { type Problem, problem, retryAfterSeconds } from './problems/problems.ts';
import { readKey } from './request/key-header.ts';
import { readPrincipal } from './request/principal.ts';
import { readBody, readOperation } from './request/read-request.ts';
import type { Guard, Route } from './request/route.ts';
import { answerExecuted, answerReplay, send, unavailable } from './response/answer-outcome.ts';
import { runHandler } from './response/run-handler.ts';

const pass: GuardAnswer = { kind: 'pass' };

/** Few routes have the option `restored`. They start to load the module when they are created. */
const quarantine = () => import('./request/quarantine.ts');

/**
 * Handles one request: checks whether the guard applies, then the key, the principal, the fingerprint and the claim;
 * answers with the handler's response or from the record.
 */
export function guardRequest<Native, Kind extends TransactionKind>(
  exchange: Exchange<Native, Kind>,
  route: Route<Native>,
  guard: Guard<Native, Kind>,
): GuardAnswer | Promise<GuardAnswer> {
  if (!route.methods.has(exchange.method)) return pass;
  const keyLines = exchange.headers('idempotency-key');
  if (keyLines.length === 0 && !route.options.key.required) {
    if (isMisnamed(exchange)) guard.warn('key-misnamed', misnamedKey);
    return pass;
  }
  exchange.route = route;
  exchange.guard = guard;
  if (isSeenAgain(exchange, guard)) return refuse(exchange, guard, problem('guard-mounted-twice'));
  if (keyLines.length === 0) return refuse(exchange, guard, problem('key-missing'));
  return guarded(exchange, guard, keyLines);
}

async function guarded<Native, Kind extends TransactionKind>(
  exchange: Exchange<Native, Kind>,
  guard: Guard<Native, Kind>,
  keyLines: readonly string[],
): Promise<GuardAnswer> {
  const { route } = exchange;
  // Cheap refusals come before anything is read.
  const key = readKey(keyLines, route.options.key.format);
  if ('refused' in key) return refuse(exchange, guard, problem('key-invalid', { detail: key.refused }));
  exchange.key = key.key;

  const identity = readPrincipal(guard.principal, exchange, key.key);
  const principal = identity instanceof Promise ? await identity : identity;
  if ('problem' in principal) return refuse(exchange, guard, principal.problem);
  exchange.principal = principal.principal;

  const received = readBody(exchange);
  const body = received instanceof Promise ? await received : received;
  const content = readOperation(exchange, guard.fingerprintsOf, body);
  const reading = content instanceof Promise ? await content : content;
  if ('problem' in reading) return refuse(exchange, guard, reading.problem);
  const { operation } = reading;
  exchange.operation = operation;

  const { restored } = route.options;
  const found = restored && (await (await quarantine()).quarantineProblem(restored, exchange, operation, guard));
  if (found) return refuse(exchange, guard, found);

  const claim = await guard.engine.claim(operation);
  switch (claim.kind) {
    case 'claimed': {
      // The key was free: the handler runs under a lease, and its answer is stored before it is sent.
      exchange.attempt = claim;
      const executed = await guard.engine.execute(claim, () => runHandler(exchange, operation.name));
      return answerExecuted(executed, exchange, guard.warn);
    }
    case 'replay':
      // The record is completed, for the same fingerprint.
      return answerReplay(claim, exchange);
    case 'mismatch':
      // The record, in any state, belongs to another fingerprint.
      return refuse(exchange, guard, problem('key-reused'));
    case 'in-progress':
      // Another request is running under this key, and `whenRunning.waitMs` has passed.
      return refuse(exchange, guard, inProgress(claim.retryAfterMs));
    case 'outcome-unknown':
      // The record is lapsed: its worker died, `afterFailure` allows no rerun, and no `recover` hook decided.
      return refuse(exchange, guard, problem('outcome-unknown'));
    case 'not-begun':
      // The client disconnected, or other code answered, before the claim was won.
      return refuse(exchange, guard, problem('request-incomplete'));
    case 'unavailable':
      return refuse(exchange, guard, unavailable(claim.error));
    case 'unprotected':
      // The store is down, and the route is set to run unprotected.
      return runUnprotected(exchange, guard, operation);
  }
}

async function runUnprotected<Native, Kind extends TransactionKind>(
  exchange: Exchange<Native, Kind>,
  { engine }: Guard<Native, Kind>,
  operation: Operation,
): Promise<GuardAnswer> {
  await engine.runUnprotected(operation, (context) => {
    exchange.engineContext = context;
    return runHandler(exchange, operation.name);
  });
  return send(exchange, 'released');
}

function inProgress(retryAfterMs: number): Problem {
  return problem('in-progress', { retryAfterSeconds: retryAfterSeconds(retryAfterMs) });
}

/** Mistakes in how the application uses the guard, which are reported as warnings. */
const misuse: ReadonlySet<string> = new Set([
  'body-consumed',
  'guard-before-authentication',
  'guard-mounted-twice',
  'principal-invalid',
  'principal-unstable',
]);

function refuse<Native, Kind extends TransactionKind>(
  exchange: Exchange<Native, Kind>,
  guard: Guard<Native, Kind>,
  found: Problem,
): GuardAnswer {
  if (misuse.has(found.code)) guard.warn(found.code, found.detail);
  return { kind: 'answer', response: exchange.shape(found) };
}

/** True if the same request of the framework arrives a second time; the first exchange keeps nothing then. */
function isSeenAgain<Native, Kind extends TransactionKind>(
  exchange: Exchange<Native, Kind>,
  { seen }: Guard<Native, Kind>,
): boolean {
  const { native } = exchange;
  if (typeof native !== 'object' || native === null) return false;
  const first = seen.get(native);
  if (first === undefined) seen.set(native, exchange);
  else first.overruled = 'release';
  return first !== undefined;
}

const misnamedKey =
  'A request had X-Idempotency-Key or Idempotency_Key instead of Idempotency-Key, and ran without protection. Only Idempotency-Key is read.';

/** Header names under which other libraries, and proxies that rename headers, send the key. */
function isMisnamed(exchange: AnyExchange): boolean {
  return exchange.headers('x-idempotency-key').length > 0 || exchange.headers('idempotency_key').length > 0;
}
