/** Servers that break the protocol, flood the tester or never end: they must not end the run. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../latchkey/test/servers/free-port.ts';
import { runCli } from '../run-cli.ts';
import { graded } from './graded.ts';
import { serve } from './serve.ts';

/** Answers each request with an own number, unless its key has a control character. */
async function serveRaw(answerControl: (socket: Socket) => void): Promise<string> {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).setEncoding('latin1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (!text.includes('\r\n\r\n')) return;
      if (text.includes('\u0001')) return answerControl(socket);
      const status = /^idempotency-key: [\w-]+\r$/im.test(text) ? 201 : 400;
      requests += 1;
      socket.end(`HTTP/1.1 ${status} X\r\nConnection: close\r\n\r\n{"id":${requests}}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const slow = ['--variant', 'slow={"headers":{"X-Slow":"yes"}}'];

describe('a run goes on', () => {
  it('if the slow request of a row gets no answer, or 429, while the tester waits', async () => {
    for (const answerSlow of [
      (response: ServerResponse) => response.destroy(),
      (response: ServerResponse) => response.writeHead(429).end(),
    ]) {
      const origin = await serve((request, response) =>
        request.headers['x-slow'] === undefined ? response.end() : answerSlow(response),
      );
      const report = await graded([origin, ...slow, '--rows', 'R27,R28,R3']);
      expect(report.results).toHaveLength(3);
      expect(report.results.map(({ outcome }) => outcome)).not.toContain('passed');
    }
  });

  it.each([
    ['a coding that is wrong', Buffer.from('plain')],
    ['a body that grows a thousand times', gzipSync(Buffer.alloc(200_000_000))],
  ])('after %s', async (_, body) => {
    const origin = await serve((request, response) => {
      if (request.headers['accept-encoding'] !== 'gzip') return response.end('{}');
      return response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(body);
    });
    const [result] = (await graded([origin, '--rows', 'R80'])).results;
    expect(result).toMatchObject({ outcome: 'failed', note: expect.stringContaining('cannot be decoded') });
  });

  it('after an answer that does not end', async () => {
    const origin = await serve((request, response) => {
      if (request.headers['accept-encoding'] !== 'gzip') return response.end('{}');
      const chunk = Buffer.alloc(1024 * 1024);
      const fill = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', fill);
      return fill();
    });
    const [result] = (await graded([origin, '--rows', 'R80'])).results;
    expect(result).toMatchObject({ outcome: 'failed', note: 'the answer has more than 67108864 bytes' });
  });

  it('if the longest claimed key does not fit into a header', async () => {
    const origin = await serve((_, response) => response.end());
    const [result] = (await graded([origin, '--rows', 'R12', '--max-key-length', '999999999'])).results;
    expect(result).toMatchObject({ outcome: 'not-seen', note: expect.stringContaining('8000 characters') });
  });

  it('if the counter fails later', async () => {
    let counts = 0;
    const origin = await serve((request, response) => {
      counts += request.url === '/count' ? 1 : 0;
      response.end(counts < 3 ? '1' : 'none');
    });
    const report = await graded([origin, '--count-url', `${origin}/count`, '--rows', 'R1,R3']);
    expect(report.results.map(({ outcome }) => outcome)).toEqual(['not-seen', 'failed']);
  });
});

describe('a key with a control character', () => {
  const outcomeOf = async (answerControl: (socket: Socket) => void) =>
    (await graded([await serveRaw(answerControl), '--timeout', '1s', '--rows', 'R10'])).results[0];

  it('fails if the answer never ends or never begins', async () => {
    const drips = await outcomeOf((socket) => {
      const timer = setInterval(() => socket.write('x'), 50);
      socket.on('close', () => clearInterval(timer));
    });
    expect(drips).toMatchObject({ outcome: 'failed', note: 'no answer within 1000 ms' });
    const silent = await outcomeOf(() => undefined);
    expect(silent).toMatchObject({ outcome: 'failed', note: 'no answer within 1000 ms' });
  });

  it('is refused by an answer after 100 Continue, also if its body never ends, or by closing the connection', async () => {
    const answers = [
      (socket: Socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n'),
      (socket: Socket) => socket.destroy(),
    ];
    // It is not counted whether the operation ran.
    for (const answer of answers)
      expect(await outcomeOf(answer)).toMatchObject({
        outcome: 'not-seen',
        note: expect.stringContaining('how often'),
      });
  });
});

it('shows no character of an answer that a terminal obeys, and only the beginning of a long code', async () => {
  const code = `\u001b[2J${'x'.repeat(100_000)}`;
  const origin = await serve((request, response) => {
    response.statusCode = request.headers['x-broken'] === undefined ? 200 : 403;
    response.end(JSON.stringify({ code }));
  });
  const args = ['conformance', origin, '--variant', 'broken={"headers":{"X-Broken":"yes"}}', '--rows', 'R35'];
  const { stdout } = await runCli(args);
  expect(stdout).toContain('not seen');
  expect(stdout).toContain('\\u{1b}[2Jxx');
  expect(stdout).not.toContain('\u001b');
  expect(stdout.length).toBeLessThan(1_000);
});

it('keeps the results if the target does not end', async () => {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-conformance-'));
  const pidFile = join(folder, 'pid');
  onTestFinished(() => {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    rmSync(folder, { recursive: true });
  });
  const program = `require('node:http').createServer((_, response) => response.end()).listen(${port}, '127.0.0.1')`;
  const start = `echo $$ > '${pidFile}'; exec '${process.execPath}' -e "${program}"`;
  const args = ['--start-command', start, '--kill-command', 'true', '--timeout', '5s', '--rows', 'R3'];
  const { code, stdout, stderr } = await runCli(['conformance', `http://127.0.0.1:${port}`, ...args]);
  expect([code, stdout]).toEqual([1, expect.stringContaining('R3    FAILED')]);
  expect(stderr).toContain('Check --kill-command');
});

describe('the exit code is 2', () => {
  it('if a limit of the target or of the run ends it before the first row', async () => {
    const origin = await serve(({ url }, response) => {
      if (url === '/contract') response.end('{"dialect":"ietf","key":{}}');
      else response.writeHead(429).end();
    });
    const limited = await runCli(['conformance', origin]);
    expect([limited.code, limited.stderr]).toEqual([2, expect.stringMatching(/No row could be graded: .*429/)]);
    const spent = await runCli(['conformance', origin, '--max-requests', '1', '--contract', `${origin}/contract`]);
    expect([spent.code, spent.stderr]).toEqual([2, expect.stringMatching(/No row could be graded: --max-requests 1/)]);
  });

  it('if a server listens before the start command runs', async () => {
    let requests = 0;
    const origin = await serve((_, response) => {
      requests += 1;
      response.end();
    });
    const { code, stderr } = await runCli(['conformance', origin, '--start-command', 'true', '--timeout', '1s']);
    expect([code, requests, stderr]).toEqual([2, 0, expect.stringContaining('A server already listens')]);
  });

  it('if the counter does not answer, or the answers lack the id of an execution', async () => {
    const origin = await serve((request, response) =>
      request.url === '/count' ? response.destroy() : response.end('{}'),
    );
    const down = await runCli(['conformance', origin, '--count-url', `${origin}/count`]);
    expect([down.code, down.stderr]).toEqual([2, expect.stringContaining('The counter does not answer')]);
    const lacking = await runCli(['conformance', origin, '--execution-id', '/id']);
    expect([lacking.code, lacking.stderr]).toEqual([2, expect.stringContaining('--execution-id')]);
  });
});
