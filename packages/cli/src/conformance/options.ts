/**
 * The options of the command, and what they say about the target.
 *
 * @module
 */

import { wrongUse } from '../failure.ts';
import type { Claims, PartialClaims, ProfileName } from './claims.ts';
import type { TemplateOptions } from './read-template.ts';
import type { Row } from './row.ts';
import { rows } from './rows/all.ts';

/** The options of the command. Times are in milliseconds. */
export interface ConformanceOptions extends TemplateOptions {
  readonly countUrl?: string;
  readonly countPointer: string;
  readonly executionId?: string;
  readonly contract?: string;
  readonly profile?: ProfileName;
  readonly key?: 'required' | 'optional';
  readonly keyFormat?: Claims['keyFormat'];
  readonly maxKeyLength?: number;
  readonly whenRunning?: Claims['whenRunning'];
  readonly afterFailure?: Claims['afterFailure'];
  readonly compare?: Claims['comparedBy'];
  readonly ignore?: readonly string[];
  readonly meaningfulHeader?: readonly string[];
  /** False with `--no-marker`; true by default, which is the profile's. */
  readonly marker?: string | boolean;
  readonly maxBody?: number;
  readonly retention?: number;
  readonly origin?: string;
  readonly startCommand?: string;
  readonly killCommand?: string;
  readonly rows?: readonly string[];
  readonly yes?: boolean;
  readonly maxRequests: number;
  readonly maxWait: number;
  readonly timeout: number;
  readonly json?: boolean;
  readonly junit?: string;
  readonly html?: string;
}

/** The claims that the options state. */
export function claimsGiven(options: ConformanceOptions): PartialClaims {
  return {
    profile: options.profile,
    keyRequired: options.key === undefined ? undefined : options.key === 'required',
    keyFormat: options.keyFormat,
    maxKeyLength: options.maxKeyLength,
    whenRunning: options.whenRunning,
    afterFailure: options.afterFailure,
    comparedBy: options.compare,
    ignored: options.ignore,
    meaningfulHeaders: options.meaningfulHeader,
    marker: typeof options.marker === 'string' ? options.marker : undefined,
    maxBodyBytes: options.maxBody,
    retentionMs: options.retention,
    origin: options.origin,
  };
}

/**
 * The rows to grade.
 *
 * @throws Failure
 */
export function rowsNamed(names: readonly string[] | undefined): readonly Row[] {
  if (names === undefined) return rows;
  const unknown = names.find((name) => !rows.some(({ id }) => id === name));
  if (unknown !== undefined)
    throw wrongUse(`There is no row ${unknown}; there are ${rows.map(({ id }) => id).join(', ')}`);
  return rows.filter(({ id }) => names.includes(id));
}
