/**
 * The part of a guard's context that handlers of all frameworks use.
 *
 * @module
 */

/** The part of the layer's context that the worlds' handlers use. */
export interface HttpContext {
  step<T>(name: string, fn: () => T | Promise<T>): Promise<unknown>;
  finish?: (fn: () => { status: number; headers: Record<string, string>; body: object }) => Promise<unknown>;
}
