/**
 * Warnings about how a guard is used. Each code is reported once per guard or route, so a mistake that affects every
 * request doesn't flood the log.
 *
 * @module
 */

import { DOCS_URL } from '../core/errors.ts';
import type { Emit } from '../core/log.ts';

/** Emits a warning event unless this code was already reported. */
export type Warn = (code: string, message: string) => void;

/** Creates the warnings of one guard or one route. */
export function createWarn(emit: Emit): Warn {
  const given = new Set<string>();
  return (code, message) => {
    if (emit === undefined || given.has(code)) return;
    given.add(code);
    emit({ type: 'warning', code, message, docs: `${DOCS_URL}#${code}` });
  };
}
