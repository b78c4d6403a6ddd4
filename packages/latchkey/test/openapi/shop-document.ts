/** A document of an application with guarded and other operations. */
export const shopDocument = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1.0.0', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
  servers: [{ url: 'https://shop.example' }],
  security: [{ key: [] }],
  paths: {
    '/orders': {
      get: {
        operationId: 'listOrders',
        summary: 'List orders',
        responses: { 200: { description: 'Orders.' }, 400: { $ref: '#/components/responses/Invalid' } },
      },
      post: {
        operationId: 'placeOrder',
        summary: 'Place an order',
        parameters: [{ name: 'dryRun', in: 'query', schema: { type: 'boolean' } }],
        responses: {
          201: {
            description: 'The order.',
            headers: { Location: { schema: { type: 'string' } } },
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } },
          },
          400: { $ref: '#/components/responses/Invalid' },
        },
      },
    },
    '/orders/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      delete: {
        operationId: 'cancelOrder',
        summary: 'Cancel an order',
        parameters: [{ $ref: '#/components/parameters/Key' }],
        responses: { 204: { description: 'Canceled.' }, 400: { $ref: '#/components/responses/Invalid' } },
      },
      put: {
        operationId: 'changeOrder',
        summary: 'Change an order',
        parameters: [{ $ref: '#/components/parameters/Key' }],
        responses: { 200: { description: 'The order.' }, 400: { $ref: '#/components/responses/Invalid' } },
      },
    },
  },
  components: {
    securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    parameters: { Key: { name: 'idempotency-key', in: 'header', schema: { type: 'string' } } },
    responses: {
      Invalid: {
        description: 'The order is not valid.',
        content: {
          'application/json': { schema: { $ref: '#/components/schemas/Order' }, example: { item: '' } },
        },
      },
    },
    schemas: { Order: { type: 'object', properties: { item: { type: 'string' } } } },
  },
};
