import { Router } from 'express';
import type { Guard } from '../records.ts';
import { html } from '../shop/html.ts';
import { apiDocument } from './api-document.ts';

/** The bundle adds style sheets of its own. Nothing is loaded from another host. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const page = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Payments example: API reference</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
  </head>
  <body>
    <div id="reference"></div>
    <script src="/reference/scalar.js"></script>
    <script src="/reference.js"></script>
  </body>
</html>
`;

/** The OpenAPI document, and a page that shows it. */
export function referenceRoutes(guards: Readonly<Record<'api' | 'orders', Guard>>): Router {
  const routes = Router({ caseSensitive: true, strict: true });
  const document = apiDocument(guards);
  let bundle: Promise<string> | undefined;
  routes.get('/openapi.json', async (_request, response) => {
    response.json(await document);
  });
  routes.get('/reference', (_request, response) => {
    response.set('Content-Security-Policy', policy).type('html').send(page.text);
  });
  routes.get('/reference/scalar.js', async (_request, response) => {
    bundle ??= loadBundle();
    response.type('js').send(await bundle);
  });
  return routes;
}

/** Scalar's plugin for Fastify contains the bundle of its page in one file; `@scalar/api-reference` has 190 dependencies. */
async function loadBundle(): Promise<string> {
  const [{ default: fastify }, { default: scalar }] = await Promise.all([
    import('fastify'),
    import('@scalar/fastify-api-reference'),
  ]);
  const carrier = fastify();
  await carrier.register(scalar, { configuration: { url: '/openapi.json' } });
  const { body } = await carrier.inject('/reference/js/scalar.js');
  await carrier.close();
  return body;
}
