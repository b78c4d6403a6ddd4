/** An application of Hono with a document. */

import type { OpenAPIHono } from '@hono/zod-openapi';

declare global {
  const app: OpenAPIHono;
  const config: Parameters<OpenAPIHono['getOpenAPI31Document']>[0];
}
