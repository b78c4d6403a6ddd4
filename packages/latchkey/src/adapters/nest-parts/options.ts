/**
 * The options of `@Idempotent()`.
 *
 * @module
 */

import { checkOption } from '../../core/options/read-options.ts';
import { isText, must, type OptionTable } from '../../core/options/rules.ts';
import type { RouteOptions } from '../../http/options.ts';

/** The options that Nest's routes have in addition. */
interface MutationOptions {
  /**
   * The name of the argument of a GraphQL mutation that has the key. Without that argument, the key is in the header of
   * the request.
   *
   * @example
   * ```ts
   * @Mutation(() => Order)
   * @Idempotent({ keyArgument: 'idempotencyKey' })
   * placeOrder(@Args('item') item: string, @Args('idempotencyKey') idempotencyKey: string) {}
   * ```
   */
  readonly keyArgument?: string;
}

/** The settings of a handler or a controller. */
export interface NestRouteOptions<Native> extends RouteOptions<Native>, MutationOptions {}

/** The options that Nest's routes have in addition. */
export const mutationTable = {
  keyArgument: must('the name of an argument', (value) => isText(value) && value !== ''),
} satisfies OptionTable<MutationOptions>;

/**
 * Separates the options of the guard from Nest's own.
 *
 * @throws LatchkeyError `option-invalid`.
 */
export function separateOptions<Native>({ keyArgument, ...route }: NestRouteOptions<Native>): {
  readonly keyArgument: string | undefined;
  readonly route: RouteOptions<Native>;
} {
  if (keyArgument !== undefined) checkOption('@Idempotent()', 'keyArgument', keyArgument, mutationTable.keyArgument);
  return { keyArgument, route };
}
