// The adapter suite's applications: their handlers live in the process of the tests, which runs this server.

const handle = (request) => globalThis.latchkeySuite.get(request.headers.get('x-suite'))(request);

export {
  handle as DELETE,
  handle as GET,
  handle as HEAD,
  handle as OPTIONS,
  handle as PATCH,
  handle as POST,
  handle as PUT,
};
