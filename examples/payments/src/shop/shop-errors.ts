import type { NextFunction, Request, Response } from 'express';
import type { PlainResponse, Problem } from 'latchkey';
import { errorBody } from '../api/stripe-error.ts';
import { OrderError } from './order.ts';
import { notePage, sendNote } from './page-frame.ts';

/** Express recognizes an error handler by its four parameters. */
export function shopErrors(error: unknown, request: Request, response: Response, next: NextFunction): void {
  if (error instanceof OrderError) sendOrderError(error, request, response);
  else next(error);
}

function sendOrderError({ status, message }: OrderError, request: Request, response: Response): void {
  if (isForm(request)) sendNote(response, status, { title: 'This order can’t be paid', detail: message });
  else response.status(status).json(errorBody({ type: 'invalid_request_error', message }));
}

/** The guard's own answers as a page, for the plain form. */
export const showProblem = (problem: Problem, request: Request): PlainResponse | undefined => {
  if (!isForm(request)) return undefined;
  const { status, retryAfterSeconds } = problem;
  const headers: [string, string][] = [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Cache-Control', 'no-store'],
  ];
  if (retryAfterSeconds !== undefined) headers.push(['Retry-After', String(retryAfterSeconds)]);
  return { status, headers, body: Buffer.from(problemPage(problem, request)) };
};

function problemPage({ code, title, detail }: Problem, request: Request): string {
  if (code !== 'key-reused') return notePage({ title, detail });
  return notePage({
    title: 'This order was already sent with a different cart',
    detail: 'Its first payment is unchanged. Place a new order for the current cart.',
    back: `${isPlacement(request) ? '/orders' : '/'}?dropped=${encodeURIComponent(String(request.body?.order))}`,
  });
}

function isForm(request: Request): boolean {
  return request.path.endsWith('/checkout') || isPlacement(request);
}

function isPlacement(request: Request): boolean {
  return request.path === '/orders/place';
}
