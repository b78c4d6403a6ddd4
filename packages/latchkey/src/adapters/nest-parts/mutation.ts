/**
 * Mutations of GraphQL. The guard keeps the HTTP response to the whole operation, like any other answer.
 *
 * @module
 */

import type { ExecutionContext } from '@nestjs/common';
import { LatchkeyError, NothingHappenedError } from '../../core/errors.ts';
import { asBuffer } from '../../core/support/codec.ts';
import type { AnyExchange, CapturedResponse } from '../../http/exchange.ts';

/** The HTTP request and response, as the platform's types. */
export interface NativePair {
  readonly request: object;
  readonly response: object;
}

/** What resolvers get as their third and fourth argument, as far as the guard reads them. */
interface GraphqlContext {
  readonly req?: object & { readonly res?: object };
  readonly res?: object;
  /** Mercurius has it; with Apollo on Fastify, the application passes it on. */
  readonly reply?: object & { readonly request?: object };
}

interface ResolveInfo {
  readonly operation: { readonly operation: string };
  readonly path: { readonly prev: object | undefined };
}

type ResolverArguments = [root: unknown, given: object | undefined, context: GraphqlContext, info: ResolveInfo];

/** True for a field of the mutation itself, not for one of its result, nor of a query or subscription. */
export function isMutation(context: ExecutionContext): boolean {
  const info = context.getArgs<ResolverArguments>()[3];
  return info?.operation?.operation === 'mutation' && info.path.prev === undefined;
}

/**
 * Returns the request and response of a mutation.
 *
 * @throws LatchkeyError `option-invalid` if the GraphQL context does not hold them.
 */
export function nativePairOf(context: ExecutionContext): NativePair {
  const { req, res, reply } = context.getArgs<ResolverArguments>()[2];
  const request = req ?? reply?.request;
  const response = reply ?? res ?? req?.res;
  if (request !== undefined && response !== undefined) return { request, response };
  throw new LatchkeyError(
    'option-invalid',
    'LatchkeyModule: a mutation needs the request and the response in the GraphQL context. ' +
      'On Fastify, set context: (req, reply) => ({ req, reply }).',
  );
}

/** Returns the HTTP request of a handler; undefined in other transports. */
export function requestOf(context: ExecutionContext): object | undefined {
  const type: string = context.getType();
  if (type === 'http') return context.switchToHttp().getRequest<object>();
  if (type !== 'graphql') return undefined;
  const { req, reply } = context.getArgs<ResolverArguments>()[2];
  return req ?? reply?.request;
}

/** Returns the key in an argument of the field; undefined without that argument. */
export function keyArgument(context: ExecutionContext, name: string): string | undefined {
  const given = context.getArgs<ResolverArguments>()[1];
  const key: unknown = given === undefined ? undefined : Reflect.get(given, name);
  return key === undefined || key === null ? undefined : String(key);
}

/**
 * Notes that a mutation has failed: its answer has the status 200, and `errors` in the body.
 *
 * @param error - the resolver's error, if it threw.
 */
export function noteErrors(exchange: Pick<AnyExchange, 'thrown'>, captured: CapturedResponse, error: unknown): void {
  if (!hasErrors(captured)) return;
  exchange.thrown = error instanceof NothingHappenedError ? 'nothing-happened' : 'failed';
}

function hasErrors({ body }: CapturedResponse): boolean {
  const bytes = asBuffer(body);
  if (!bytes.includes('"errors"')) return false;
  try {
    const { errors }: { errors?: unknown } = Object(JSON.parse(bytes.toString()));
    return Array.isArray(errors) && errors.length > 0;
  } catch {
    return false;
  }
}
