/**
 * Handles one request in the guard, in order. Each step writes what it found to the exchange, where later steps
 * read it.
 *
 * @module
 */

import type { Attempt } from '../core/engine/attempt.ts';
import type { ClaimResult } from '../core/engine/claim.ts';
import type { ErrorCode } from '../core/errors.ts';
import { observing } from '../core/log.ts';
import type { Operation } from '../core/operation.ts';
import type { TransactionKind } from '../core/store.ts';
import { KEY_HEADER } from '../protocol/headers.ts';
import type { AnyExchange, Exchange, GuardAnswer } from './exchange.ts';
import { type Problem, problem, retryAfterSeconds, unavailable } from './problems/problems.ts';
import { readKey } from './request/key-header.ts';
import { readPrincipal } from './request/principal.ts';
import { MAX_NAME_LENGTH, pathAndQuery, pathOf, readBody, readOperation } from './request/read-request.ts';
import { type Guard, loadOnDemand, type Route } from './request/route.ts';
import { answerExecuted, answerReplay, send } from './response/answer-outcome.ts';
import { withEcho } from './response/marks.ts';
import { runHandler } from './response/run-handler.ts';

const pass: GuardAnswer = { kind: 'pass' };

/**
 * Takes one request through the guard: does the guard apply? → key → principal → fingerprint → claim → the handler's
 * answer, or what the record says.
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
  if (wasSeen(exchange, guard)) return refuse(exchange, guard, problem('guard-mounted-twice'));
  if (keyLines.length === 0) return refuse(exchange, guard, problem('key-missing'));
  if (guard.dialect.echoesKey !== true) return claimAndAnswer(exchange, guard, keyLines);
  return claimAndAnswer(exchange, guard, keyLines).then((answer) => withEcho(answer, exchange.echoed));
}

/** The operation of a request, or the problem to answer with. */
type Prepared = { readonly operation: Operation } | { readonly problem: Problem };

async function claimAndAnswer<Native, Kind extends TransactionKind>(
  exchange: Exchange<Native, Kind>,
  guard: Guard<Native, Kind>,
  keyLines: readonly string[],
): Promise<GuardAnswer> {
  const { route } = exchange;
  // The key and the principal are checked before the body is read. Only promises are awaited.
  const key = readKey(keyLines, route.options.key.format);
  if ('refused' in key) return refuse(exchange, guard, problem('key-invalid', { detail: key.refused }));
  exchange.key = key.key;
  if (guard.dialect.echoesKey === true) exchange.echoed = keyLines.map((line) => [KEY_HEADER, line]);

  const identity = readPrincipal(guard.principal, exchange, key.key);
  const principal = identity instanceof Promise ? await identity : identity;
  if ('problem' in principal) return refuse(exchange, guard, principal.problem);
  exchange.principal = principal.principal;

  const received = readBody(exchange);
  const body = received instanceof Promise ? await received : received;
  // The operation has the record's id, which is a digest of principal, method, path and key, and the fingerprint, which
  // is a digest of the request.
  const read = readOperation(exchange, guard.fingerprintsOf, body);
  let reading: Prepared = read instanceof Promise ? await read : read;
  if (route.preparesClaim && 'operation' in reading) {
    // Few routes need this: those with a `recover` hook, with saved requests, or with a reference in place of the answer's
    // body. While `restored` is set, it also refuses keys whose records may be lost since the store's backup.
    exchange.operation = reading.operation;
    const { prepareClaim } = await loadOnDemand();
    reading = await prepareClaim(exchange, reading.operation, body, guard);
  }
  if ('problem' in reading) return refuse(exchange, guard, reading.problem);
  const { operation } = reading;
  exchange.operation = operation;

  // Usually one call of the store. If the route's options say so, the engine waits while the record is running, takes
  // over a lapsed record, or asks the `recover` hook whether to rerun it or which answer to store.
  const claim = await guard.engine.claim(operation);
  if (claim.kind !== 'claimed') return answerWithoutClaim(exchange, guard, operation, claim);

  // The record is new, was released, or has lapsed and may be taken over: this request owns it now. The handler runs under
  // a lease, and its answer is stored before it is sent. After an answer that allows a retry to run, the record is
  // released instead.
  exchange.attempt = claim;
  const executed = await guard.engine.execute(claim, () => runHandler(exchange, operation.name));
  return answerExecuted(executed, exchange, guard.warn);
}

/** The answer to a request that did not win the claim. Its record stays as it was. */
function answerWithoutClaim<Native, Kind extends TransactionKind>(
  exchange: Exchange<Native, Kind>,
  guard: Guard<Native, Kind>,
  operation: Operation,
  claim: Exclude<ClaimResult, Attempt>,
): GuardAnswer | Promise<GuardAnswer> {
  switch (claim.kind) {
    case 'replay':
      // The record is completed, for the same fingerprint.
      return answerReplay(claim, exchange);
    case 'mismatch':
      // The record has another fingerprint, whatever its state.
      return refuse(exchange, guard, problem('key-reused'));
    case 'in-progress':
      // Another request with this key is still running, and this one does not wait, or has waited long enough.
      return refuse(exchange, guard, inProgress(claim.retryAfterMs));
    case 'outcome-unknown':
      // The record has lapsed: its worker died or hung, so it is unknown whether the operation took effect.
      // `afterFailure` does not allow another run, and there is no `recover` hook, or it left the record.
      return refuse(exchange, guard, problem('outcome-unknown'));
    case 'not-begun':
      // The client disconnected, or a middleware answered, before the handler could begin. A claim that was won
      // meanwhile was given back.
      return refuse(exchange, guard, problem('request-incomplete'));
    case 'unavailable':
      // The store gave no answer, or an unreadable one, and nothing ran.
      return refuse(exchange, guard, unavailable(claim.error));
    case 'unprotected':
      // The store is down, and the route says to run the handler anyway.
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
  // Like the answer of a released record, it carries no mark of being stored.
  return send(exchange, 'released');
}

function inProgress(retryAfterMs: number): Problem {
  return problem('in-progress', { retryAfterSeconds: retryAfterSeconds(retryAfterMs) });
}

/** Mistakes in how the application uses the guard; they are reported as warnings too. */
const misuse: ReadonlySet<ErrorCode> = new Set([
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
  // Once the operation is known, the engine, or the check of a restored store, reports the refusal.
  if (exchange.operation === undefined)
    observing(guard.emit)?.({
      type: 'refused',
      operation: `${exchange.method} ${pathOf(pathAndQuery(exchange.target))}`.slice(0, MAX_NAME_LENGTH),
      code: found.code,
    });
  return { kind: 'answer', response: exchange.shape(found) };
}

/**
 * Whether a guard has already received this request, which means that it is mounted twice. The first exchange is then
 * marked `release`, because it must not store the refusal by the second one as its answer. If `peek` has read the body
 * before, the exchange takes that body over. A framework's request that is not an object can't be remembered.
 */
function wasSeen<Native, Kind extends TransactionKind>(
  exchange: Exchange<Native, Kind>,
  { seen }: Guard<Native, Kind>,
): boolean {
  const { native } = exchange;
  if (typeof native !== 'object' || native === null) return false;
  const found = seen.get(native);
  if (found !== undefined && !('form' in found)) {
    found.overruled = 'release';
    return true;
  }
  seen.set(native, exchange);
  if (found?.route === exchange.route) exchange.peeked = found;
  return false;
}

const misnamedKey = 'A request with X-Idempotency-Key or Idempotency_Key ran without protection. Send Idempotency-Key.';

/** Whether the key has another name, as some libraries send it, and as proxies that rewrite header names send it. */
function isMisnamed(exchange: AnyExchange): boolean {
  return exchange.headers('x-idempotency-key').length > 0 || exchange.headers('idempotency_key').length > 0;
}
