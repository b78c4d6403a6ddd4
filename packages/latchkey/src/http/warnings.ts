/**
 * Warnings about how a guard is used: each code once per guard or route, so that a fault in every request doesn't flood a
 * log.
 *
 * @module
 */

import { DOCS_URL } from '../core/errors.ts';
import type { Emit } from '../core/log.ts';

/** Emits a warning event unless this code was warned about before. */
export type Warn = (code: string, message: string) => void;

/** Makes the warnings of one guard, or of one route. */
export function createWarn(emit: Emit): Warn {
  const given = new Set<string>();
  return (code, message) => {
    if (emit === undefined || given.has(code)) return;
    given.add(code);
    emit({ type: 'warning', code, message, docs: `${DOCS_URL}#${code}` });
  };
}
