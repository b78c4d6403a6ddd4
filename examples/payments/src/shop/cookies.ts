import { createHash, randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** One of our cookies, which all contain UUIDs. */
function readCookie(request: Request, name: string): string | undefined {
  const pairs = (request.get('cookie') ?? '').split(';').map((pair) => pair.trim().split('=', 2));
  const value = pairs.find(([key]) => key === name)?.[1] ?? '';
  return uuidPattern.test(value) ? value : undefined;
}

function writeCookie(response: Response, name: string, value: string): void {
  response.cookie(name, value, { httpOnly: true, sameSite: 'lax', path: '/' });
}

function ensureCookie(request: Request, response: Response, name: string): string {
  const value = readCookie(request, name) ?? randomUUID();
  writeCookie(response, name, value);
  return value;
}

/** The two accounts of a buyer: one for payments with keys, one for payments without. */
export interface BuyerAccounts {
  readonly keyed: string;
  readonly naive: string;
}

function accountsOf(buyer: string): BuyerAccounts {
  const digest = createHash('sha256').update(buyer).digest('hex').slice(0, 32);
  return { keyed: `buyer_${digest}`, naive: `naive_${digest}` };
}

/** The accounts of the request's buyer. */
export function buyerAccounts(request: Request): BuyerAccounts | undefined {
  const buyer = readCookie(request, 'buyer');
  return buyer === undefined ? undefined : accountsOf(buyer);
}

/** The accounts of the buyer, who gets a cookie on the first visit. */
export function welcomeBuyer(request: Request, response: Response): BuyerAccounts {
  return accountsOf(ensureCookie(request, response, 'buyer'));
}

/** Redirects a request without a cookie to the page that sets one, without paying. */
export function requireBuyer(request: Request, response: Response, next: NextFunction): void {
  if (buyerAccounts(request) === undefined) response.redirect(303, '/');
  else next();
}

/**
 * The key of the order that the buyer is about to pay. It is kept over reloads, and only replaced when the order is
 * final: `settled` is the number of the finished order. Each page has its own cookie.
 */
export function currentKey(
  request: Request,
  response: Response,
  settled: string | undefined,
  name: 'order' | 'parcel' = 'order',
): string {
  const key = readCookie(request, name);
  if (key === undefined || orderNumber(key) !== settled) return ensureCookie(request, response, name);
  const next = randomUUID();
  writeCookie(response, name, next);
  return next;
}

/** The number derived from an order's key, for display. */
export function orderNumber(key: string): string {
  return key.slice(0, 8).toUpperCase();
}
