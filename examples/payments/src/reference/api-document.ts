import { describeIdempotency } from 'latchkey/openapi';
import type { Guard } from '../records.ts';
import { schemas } from './schemas.ts';

type SchemaName = keyof typeof schemas;

const json = (schema: SchemaName) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } });
const error = (description: string) => ({ description, content: json('Error') });
const unauthorized = error('The request has no API key.');
const declined = error('The card was declined.');

const listParameters = [
  { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100, default: 10 } },
  { name: 'starting_after', in: 'query', description: 'The last id of the page before.', schema: { type: 'string' } },
];

/** The operations of a resource: create, list, retrieve. */
function resource(name: 'Charge' | 'Order', failures: Readonly<Record<string, object>>) {
  const [tag, word] = [`${name}s`, name.toLowerCase()];
  const one = name === 'Order' ? `an ${word}` : `a ${word}`;
  const own = { tags: [tag] };
  const refused = { 400: error('A parameter is missing or not valid.'), 401: unauthorized };
  const body = json(`${name}Parameters`);
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
  return {
    [`/v1/${word}s`]: {
      post: {
        ...own,
        operationId: `create${name}`,
        summary: `Create ${one}`,
        requestBody: {
          required: true,
          content: { ...body, 'application/x-www-form-urlencoded': body['application/json'] },
        },
        responses: { 200: { description: `The ${word}.`, content: json(name) }, ...refused, ...failures },
      },
      get: {
        ...own,
        operationId: `list${name}s`,
        summary: `List ${word}s, the newest first`,
        parameters: listParameters,
        responses: { 200: { description: 'A page.', content: json(`${name}List`) }, ...refused },
      },
    },
    [`/v1/${word}s/{id}`]: {
      get: {
        ...own,
        operationId: `retrieve${name}`,
        summary: `Retrieve ${one}`,
        parameters: [id],
        responses: {
          200: { description: `The ${word}.`, content: json(name) },
          401: unauthorized,
          404: error(`There is no such ${word}.`),
        },
      },
    },
  };
}

const apiKey = 'Any key of the form `sk_test_…` has an account of its own.';

/** The API without its guards. */
const api = {
  openapi: '3.1.1',
  info: {
    title: 'Payments example',
    version: '1.0.0',
    description: `A small payments API in the style of Stripe's. ${apiKey}`,
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ bearer: [] }, { basic: [] }],
  tags: [
    { name: 'Charges', description: 'Charge, answer and record are one commit.' },
    { name: 'Orders', description: 'An order is carried out in four steps. A retry resumes after the last saved one.' },
  ],
  paths: {
    ...resource('Charge', { 402: declined }),
    ...resource('Order', { 402: declined, 502: error('The card provider gave no answer. Retry with the same key.') }),
  },
  components: {
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: apiKey },
      basic: { type: 'http', scheme: 'basic', description: `${apiKey} It is the user name.` },
    },
    schemas,
  },
};

/** The OpenAPI document of the API, with what its guards promise. */
export function apiDocument(guards: Readonly<Record<'api' | 'orders', Guard>>): Promise<object> {
  return describeIdempotency(api, { 'POST /v1/charges': guards.api, 'POST /v1/orders': guards.orders });
}
