import type { NextFunction, Request, Response } from 'express';

const headerOf: Readonly<Record<string, string>> = {
  idempotency_key: 'idempotency-key',
  disaster: 'demo-disaster',
  ticket: 'demo-ticket',
};

/**
 * A plain HTML form can't send headers, so it sends hidden fields. This middleware moves them to the headers before the
 * guard runs, so that the body only contains the order. Mount it after the form parser.
 */
export function moveHiddenFields(request: Request, _response: Response, next: NextFunction): void {
  const fields: Record<string, unknown> = { ...request.body };
  for (const [name, header] of Object.entries(headerOf)) {
    const value = fields[name];
    delete fields[name];
    if (typeof value === 'string') addField(request, header, value);
  }
  request.body = fields;
  next();
}

/** The guard reads `rawHeaders`, to detect repeated headers; other code reads `headers`. */
function addField(request: Request, name: string, value: string): void {
  request.rawHeaders.push(name, value);
  request.headers[name] = value;
}
