import { createHash } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { errorBody } from './stripe-error.ts';

const keyPattern = /^sk_test_[A-Za-z0-9]{1,128}$/;
const credentialsPattern = /^(basic|bearer) +([A-Za-z0-9._~+/=-]{1,512})$/i;

/** The API key of a request: a Bearer token, or the user name of Basic credentials. */
function apiKeyOf(request: Request): string | undefined {
  const [, scheme, credentials] = credentialsPattern.exec(request.get('authorization') ?? '') ?? [];
  if (scheme === undefined || credentials === undefined) return undefined;
  const key = scheme.toLowerCase() === 'bearer' ? credentials : basicUser(credentials);
  return keyPattern.test(key) ? key : undefined;
}

function basicUser(credentials: string): string {
  const [user = ''] = Buffer.from(credentials, 'base64').toString('utf8').split(':', 1);
  return user;
}

/** The account of a request. Any well-formed test key has one, identified by a digest instead of the key. */
export function accountOf(request: Request): string | undefined {
  const key = apiKeyOf(request);
  return key && `acct_${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
}

/** The account of a request that passed {@link authenticate}. */
export function authenticatedAccount(request: Request): string {
  const account = accountOf(request);
  if (account === undefined) throw new Error('the route is not behind authenticate');
  return account;
}

/** Answers 401 to a request with no or a malformed API key. */
export function authenticate(request: Request, response: Response, next: NextFunction): void {
  if (accountOf(request) === undefined) refuse(response);
  else next();
}

function refuse(response: Response): void {
  const message = 'Give a test key (sk_test_…) as the user name of HTTP Basic authentication, or as a Bearer token.';
  response.set('WWW-Authenticate', 'Basic realm="payments", charset="UTF-8"');
  response.status(401).json(errorBody({ type: 'invalid_request_error', message }));
}
