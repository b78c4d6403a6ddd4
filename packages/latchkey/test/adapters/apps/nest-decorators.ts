/** Decorators as functions, since Node runs no decorator syntax. */

type Class = abstract new (...args: never) => unknown;

/** Applies decorators to a method and its parameters, as their syntax would. */
export function decorate(
  { prototype }: Class,
  name: string,
  ofMethod: readonly MethodDecorator[],
  ofParameters: readonly ParameterDecorator[] = [],
): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  if (descriptor === undefined) throw new Error(`There is no method ${name}.`);
  for (const [index, decorator] of ofParameters.entries()) decorator(prototype, name, index);
  for (const decorator of ofMethod) decorator(prototype, name, descriptor);
}
