/** An application of Nest. */

import type { INestApplication } from '@nestjs/common';
import type { IdempotencyInterceptor as Interceptor } from 'latchkey/nest';

declare global {
  const app: INestApplication;
  const config: object;
  // As in `@nestjs/swagger`, which the repository installs beside another copy of Nest's types.
  const SwaggerModule: {
    createDocument(
      app: INestApplication,
      config: object,
    ): { readonly openapi: string; readonly paths: Record<string, object> };
    setup(path: string, app: INestApplication, create: () => object): void;
  };
  const IdempotencyInterceptor: typeof Interceptor;
}
