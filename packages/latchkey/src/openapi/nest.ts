/**
 * The document of `@nestjs/swagger`.
 *
 * @module
 */

import { type Contract, contractOf } from '../http/contract/contract.ts';
import {
  HANDLER_EXTENSION,
  handlersKey,
  type NameHandlers,
  type SharedHandler,
} from '../http/contract/contract-access.ts';
import { Description } from './description.ts';
import { invalid, type OpenApiDocument } from './document.ts';

/** The interceptor of `latchkey/nest`. */
export interface NestHandlers {
  /** @internal */
  readonly [handlersKey]: NameHandlers;
}

/**
 * Makes a document and adds what the guards of the application promise to the operations of its handlers, as
 * `describeIdempotency` does: with the options of `@Idempotent()` on the handler, its controller and the module, and
 * without the handlers of `@SkipIdempotency()`. Interceptors of the whole application are found too, if they are added
 * before.
 *
 * @param create - makes the document with `@nestjs/swagger`.
 * @param interceptor - any one of the application.
 * @throws LatchkeyError `option-invalid` for a handler that controllers with different options inherit, and for a
 * document that was made before.
 * @example
 * ```ts
 * const create = () => SwaggerModule.createDocument(app, config)
 * SwaggerModule.setup('api', app, () => describeNest(create, app.get(IdempotencyInterceptor)))
 * ```
 */
export function describeNest<Document extends OpenApiDocument>(
  create: () => Document,
  interceptor: NestHandlers,
): Document {
  const { document, handlers } = interceptor[handlersKey](create);
  const description = new Description(document);
  const positions: unknown[] = [];
  description.forEach((method, path, operation) => {
    const { [HANDLER_EXTENSION]: position, ...own } = operation;
    const handler = handlers[Number(position)];
    positions.push(position);
    description.replace(method, path, own);
    if (handler !== undefined) description.add(method, path, contractOfShared(handler));
  });
  const isEarlier = positions.length > 0 && positions.every((position) => position === undefined);
  if (isEarlier && handlers.length > 0) throw invalid('describeNest: create the document inside the function.');
  return description.document();
}

/** @throws LatchkeyError `option-invalid` if it differs between controllers. */
function contractOfShared({ name, contracts }: SharedHandler): Contract | undefined {
  const [contract, ...others] = contracts.map((read) => read(contractOf));
  if (others.every((other) => JSON.stringify(other) === JSON.stringify(contract))) return contract;
  throw invalid(
    `describeNest: controllers with different options inherit the handler ${name}. Override it in each of them.`,
  );
}
