/**
 * A route's options, with the defaults filled in and everything prepared that can be before the first request.
 *
 * @module
 */

import { completeSettings } from '../core/options-check.ts';
import type { OperationSettings } from '../core/settings.ts';
import type { Fingerprinter } from './fingerprint.ts';
import { type PointerTree, pointerTree } from './json-pointer.ts';
import type { Principal, RouteOptions } from './options.ts';

const MEBIBYTE = 1024 * 1024;

/** Fields of a request that change what it asks for (RFC 9110 §13.1, RFC 7240). */
const alwaysMeaningful = ['if-match', 'if-none-match', 'prefer', 'x-http-method-override'];

/** A route, ready for requests. */
export interface Route<Native> {
  readonly settings: OperationSettings;
  readonly options: RouteOptions<Native>;
  readonly principal: Principal<Native>;
  readonly methods: ReadonlySet<string>;
  readonly keyFormat: 'lenient' | 'strict';
  /** In lower case, sorted, each once. */
  readonly meaningfulFields: readonly string[];
  readonly leftOut: PointerTree | undefined;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly fingerprintsOf: Fingerprinter;
  readonly principalDigest: (principal: string) => string;
}

/** What all routes of one guard share. */
export interface GuardParts<Native> {
  readonly principal: Principal<Native>;
  readonly fingerprintsOf: Fingerprinter;
  readonly principalDigest: (principal: string) => string;
}

function meaningful(names: readonly string[] = []): readonly string[] {
  return [...new Set([...alwaysMeaningful, ...names.map((name) => name.toLowerCase())])].sort();
}

/**
 * Prepares a route from the guard's options with the route's own over them.
 *
 * @throws LatchkeyError `option-invalid` for a setting of the engine.
 */
export function createRoute<Native>(options: RouteOptions<Native>, guard: GuardParts<Native>): Route<Native> {
  return {
    ...guard,
    options,
    settings: completeSettings('The guard', options),
    methods: new Set(options.methods ?? ['POST', 'PATCH']),
    keyFormat: options.keyFormat ?? 'lenient',
    meaningfulFields: meaningful(options.meaningfulFields),
    leftOut: pointerTree(options.volatileMembers ?? []),
    maxRequestBytes: options.maxRequestBytes ?? MEBIBYTE,
    maxResponseBytes: options.maxResponseBytes ?? MEBIBYTE,
  };
}
