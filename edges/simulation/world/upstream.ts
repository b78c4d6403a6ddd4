/**
 * The service that handlers call.
 *
 * @module
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

const answer = '{"upstream":"paid","note":"é"}';

/** A service that answers chunked, gzipped or with a length, depending on the path. */
export async function startUpstream(): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.setHeader('x-upstream', 'yes');
    if (request.url === '/chunked') {
      response.write(answer.slice(0, 10));
      setImmediate(() => response.end(answer.slice(10)));
    } else if (request.url === '/gzip') {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(answer));
    } else {
      response.end(answer);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
