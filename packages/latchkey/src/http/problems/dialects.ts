/**
 * The dialects by name.
 *
 * @module
 */

import type { Dialect } from './dialect.ts';
import { ietfDialect } from './ietf.ts';
import { stripeDialect } from './stripe.ts';

/** The values of the option `dialect`. */
export const dialects: Readonly<Record<'ietf' | 'stripe', Dialect>> = { ietf: ietfDialect, stripe: stripeDialect };
