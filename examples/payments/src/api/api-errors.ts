import type { NextFunction, Request, Response } from 'express';
import { errorBody, StripeError, type StripeErrorDetails } from './stripe-error.ts';

/** Answers unknown routes as Stripe's API does. */
export function unknownRoute(request: Request, response: Response): void {
  const message = `There is nothing at ${request.method} ${request.path.slice(0, 200)}.`;
  response.status(404).json(errorBody({ type: 'invalid_request_error', message }));
}

/** Express recognizes an error handler by its four parameters. */
export function apiErrors(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) next(error);
  else sendError(error, response);
}

function sendError(error: unknown, response: Response): void {
  const { status, details } = explain(error);
  if (status >= 500) console.error(error);
  response.status(status).json(errorBody(details));
}

function explain(error: unknown): { status: number; details: StripeErrorDetails } {
  if (error instanceof StripeError) return error;
  const status = statusOf(error);
  if (status >= 500) return { status, details: { type: 'api_error', message: 'Something went wrong on our side.' } };
  return { status, details: { type: 'invalid_request_error', message: 'The request could not be read.' } };
}

/** Body parsers give their errors a status. */
function statusOf(error: unknown): number {
  const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined;
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : 500;
}
