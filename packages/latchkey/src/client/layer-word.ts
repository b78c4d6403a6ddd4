/**
 * Finds out what an idempotency layer itself says with a response: by the header of this library's layers, or, where
 * that was dropped on the way, by the body.
 *
 * @module
 */

import { STATUS_HEADER } from '../protocol/headers.ts';
import { codeOfBody, mayBeProblem } from '../protocol/problem-body.ts';
import { isFinalCode } from '../protocol/problem-codes.ts';
import { type LayerStatus, parseStatus } from '../protocol/status-header.ts';

async function wordOfBody(response: Response): Promise<LayerStatus | undefined> {
  const type = response.headers.get('content-type');
  if (response.status < 400 || !mayBeProblem(type)) return undefined;
  const code = codeOfBody(type, await response.clone().json());
  return code && { word: code, final: isFinalCode(code) };
}

/** Reads a response whose body is all there; undefined if no layer says anything. */
export async function layerWord(response: Response): Promise<LayerStatus | undefined> {
  const said = parseStatus(response.headers.get(STATUS_HEADER));
  return said ?? wordOfBody(response).catch(() => undefined);
}
