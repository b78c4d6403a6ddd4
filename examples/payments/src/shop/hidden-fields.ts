import type { NextFunction, Request, Response } from 'express';

const headerOf: Readonly<Record<string, string>> = {
  idempotency_key: 'idempotency-key',
  disaster: 'demo-disaster',
  ticket: 'demo-ticket',
};

/**
 * A plain HTML form can't send header fields: it sends hidden ones. This moves them to where a script would have put
 * them, before the guard looks, so that what is left in the body is the order alone. Mount it after the form parser.
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

/** The guard reads fields as they came over the wire, to notice repeated ones; the rest reads `headers`. */
function addField(request: Request, name: string, value: string): void {
  request.rawHeaders.push(name, value);
  request.headers[name] = value;
}
