import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../latchkey/test/servers/free-port.ts';
import { exitCodes } from '../../src/invocation.ts';
import { run } from '../../src/program.ts';
import { runCli } from '../run-cli.ts';
import { graded } from './graded.ts';
import { startReference } from './reference/server.ts';
import { serve } from './serve.ts';
import { argsFor, secret, uncountedArgs } from './template-args.ts';

const runConformance = (args: readonly string[]) => runCli(['conformance', ...args]);

async function reference(...options: Parameters<typeof startReference>): Promise<string> {
  const { origin, close } = await startReference(...options);
  onTestFinished(close);
  return origin;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'latchkey-conformance-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** An endpoint that runs every request, and records them. */
async function recording() {
  const requests: { readonly headers: readonly string[]; readonly body: Buffer }[] = [];
  const origin = await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push({ headers: request.rawHeaders, body: Buffer.concat(chunks) });
    response.end(JSON.stringify({ id: requests.length }));
  });
  return { origin, requests };
}

describe('the exit code', () => {
  it('is 0 if no row failed', async () => {
    const { code, stdout, stderr } = await runConformance([...argsFor(await reference()), '--rows', 'R1,R2,R5']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^R1 +passed +a new key runs/);
    expect(stdout).toMatch(/R5 +not applicable .*\n +the target claims that a key is optional/);
    expect(stdout).toMatch(/\n2 passed, 0 failed, 0 not seen, 1 not applicable\n$/);
    expect(stderr).toMatch(
      /^Sends about \d+ requests, and never more than 500, most of them executed: POST http:\S+\/charges/,
    );
  });

  it('is 1 if a row failed, which says what was seen, what is expected, and the rule', async () => {
    const origin = await reference({ fault: 'ignores-payload' });
    const { code, stdout } = await runConformance([...argsFor(origin), '--rows', 'R17']);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /R17 +FAILED .*\n +seen: +the second request got 201, a replay\n +expected: +422 .*\n +rule: +draft-/,
    );
  });

  it('is 3 if the target does not answer', async () => {
    const { code, stderr } = await runConformance([`http://127.0.0.1:${await freePort()}/charges`]);
    expect([code, stderr]).toEqual([3, expect.stringContaining('The target does not answer: ECONNREFUSED')]);
    const silent = await serve(() => undefined);
    expect((await runConformance([silent, '--timeout', '1s'])).code).toBe(3);
    expect(
      (await runConformance([silent.replace(/\d+$/, '1'), '--start-command', 'true', '--timeout', '1s'])).code,
    ).toBe(3);
  });

  it('is 2 if the plain request does not succeed, the counter does not count, or there is no contract', async () => {
    const origin = await reference();
    const noCredentials = await runConformance([`${origin}/charges`]);
    expect([noCredentials.code, noCredentials.stderr]).toEqual([
      2,
      expect.stringContaining('must succeed, but got 401'),
    ]);
    const noCounter = await runConformance([...argsFor(origin), '--count-pointer', '/total', '--rows', 'R1']);
    expect([noCounter.code, noCounter.stderr]).toEqual([2, expect.stringContaining('no number or list at /total')]);
    const noContract = await runConformance([...argsFor(origin), '--contract', `${origin}/count`]);
    expect([noContract.code, noContract.stderr]).toEqual([2, expect.stringContaining('guard.contract()')]);
  });
});

describe('the requests', () => {
  it('are not sent to another machine without --yes', async () => {
    const { origin, requests } = await recording();
    const elsewhere = origin.replace('127.0.0.1', '0.0.0.0');
    const refused = await runConformance([elsewhere, '--rows', 'R1']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('is not this machine: add --yes')]);
    const counted = await runConformance([origin, '--count-url', elsewhere, '--rows', 'R1']);
    expect([counted.code, requests.length]).toEqual([2, 0]);
    expect((await runConformance([elsewhere, '--rows', 'R1', '--yes'])).code).toBe(0);
    expect(requests.length).toBe(2);
  });

  it('are never more than --max-requests; the other rows are not seen', async () => {
    const { origin, requests } = await recording();
    const report = await graded([origin, '--max-requests', '3', '--rows', 'R1,R4,R15', '--execution-id', '/id']);
    expect(requests.length).toBe(3);
    expect(report.results.map(({ outcome }) => outcome)).toEqual(['passed', 'not-seen', 'not-seen']);
    expect(report.results[2]?.note).toBe('--max-requests 3 is reached');
  });

  it('have the bytes and headers of the template', async () => {
    const { origin, requests } = await recording();
    const path = folder();
    writeFileSync(join(path, 'body'), Uint8Array.of(0, 200, 255));
    const template = { method: 'PUT', headers: { 'X-Api-Key': 'k', 'Content-Type': 'image/png' } };
    writeFileSync(join(path, 'template.json'), JSON.stringify(template));
    await runConformance([
      origin,
      '--template',
      join(path, 'template.json'),
      '--body',
      `@${join(path, 'body')}`,
      '--rows',
      'R1',
    ]);
    expect(requests[0]?.body).toEqual(Buffer.of(0, 200, 255));
    expect(requests[0]?.headers).toEqual(expect.arrayContaining(['X-Api-Key', 'k', 'Content-Type', 'image/png']));
    expect(requests[0]?.headers.filter((name) => name === 'Content-Type')).toHaveLength(1);
    await runConformance([origin, '--header', 'Host: shop.example', '--rows', 'R1']);
    expect(requests.at(-1)?.headers.filter((name) => name === 'Host')).toHaveLength(1);
    expect(requests.at(-1)?.headers).toContain('shop.example');
  });

  it('wait no longer than --max-wait, whatever Retry-After says', async () => {
    let isFirst = true;
    const origin = await serve((request, response) => {
      if (request.headers['x-slow'] === undefined) response.end('{}');
      else if (!isFirst) response.writeHead(409, { 'Retry-After': '3600' }).end();
      // The first request gets no answer.
      isFirst &&= request.headers['x-slow'] === undefined;
    });
    const slow = ['--variant', 'slow={"headers":{"X-Slow":"yes"}}'];
    const report = await graded([origin, ...slow, '--rows', 'R45', '--max-wait', '1s']);
    expect(report.results[0]).toMatchObject({ outcome: 'failed', note: 'the retry got 409' });
  });
});

describe('a row that needs a number of executions', () => {
  const rows = ['R1', 'R2', 'R4', 'R31', 'R45'];

  it('is not seen if they are not counted', async () => {
    const args = uncountedArgs(await reference());
    const report = await graded([...args, '--rows', rows.join(',')]);
    expect(report.counted).toBe('not counted');
    for (const { outcome, note } of report.results)
      expect([outcome, note]).toEqual(['not-seen', expect.stringContaining('give --count-url or --execution-id')]);
  });

  it('is graded by a member of the answers, unless an answer may be lost', async () => {
    const args = uncountedArgs(await reference());
    const report = await graded([...args, '--execution-id', '/id', '--rows', rows.join(',')]);
    const outcomes = report.results.map(({ row, outcome }) => `${row} ${outcome}`);
    expect(outcomes).toEqual(['R1 passed', 'R2 passed', 'R4 passed', 'R31 passed', 'R45 not-seen']);
  });
});

describe('a row on a refusal without an execution', () => {
  const rows = ['R5', 'R9', 'R10', 'R11', 'R12', 'R13', 'R17', 'R18', 'R19', 'R22', 'R23', 'R55', 'R76'];

  it.each([
    ['nothing counts', []],
    ['a member of the answers counts', ['--execution-id', '/id']],
  ])('is not seen if %s, since the refused request may have run', async (_, counting) => {
    const origin = await reference({ fault: 'refusals-run', keyRequired: true, keyFormat: 'strict' });
    const args = [...uncountedArgs(origin), ...counting, '--key', 'required', '--key-format', 'strict'];
    const { results } = await graded([...args, '--rows', rows.join(',')]);
    const outcomes = results.map(({ row, outcome }) => `${row} ${outcome}`);
    expect(outcomes).toEqual(rows.map((row) => `${row} not-seen`));
  });
});

describe('a row is not seen', () => {
  it('if the target refuses the other payload under any key', async () => {
    const origin = await serve(async (request, response) => {
      const body = await text(request);
      response.writeHead(body === '{"amount":2000}' ? 201 : 422).end();
    });
    const args = [origin, '--body', '{"amount":2000}', '--rows', 'R17,R22,R63'];
    for (const { outcome, note } of (await graded(args)).results)
      expect([outcome, note]).toEqual(['not-seen', expect.stringMatching(/the target refuses .*422/)]);
  });

  it('if the target limits the rate of requests', async () => {
    let requests = 0;
    const origin = await serve((_, response) => {
      requests += 1;
      response.writeHead(requests > 1 ? 429 : 201).end();
    });
    const { results } = await graded([origin, '--rows', 'R1,R7,R10,R31', '--key-format', 'strict']);
    for (const { outcome, note } of results)
      expect([outcome, note]).toEqual(['not-seen', expect.stringContaining('429')]);
  });
});

describe('a report', () => {
  it('never contains credentials, not even those that the target sends back', async () => {
    const path = folder();
    const querySecret = 'signed/1f4e';
    const basic = Buffer.from('shop:pa55-word').toString('base64');
    const origin = await serve((request, response) => {
      response.setHeader('Content-Type', 'application/json');
      const { authorization, cookie } = request.headers;
      // Each answer differs, so that every row on replays fails, with the credentials in its code.
      response.statusCode = Math.random() < 0.5 ? 200 : 201;
      if (request.headers['idempotency-key']?.includes('"')) response.statusCode = 418;
      response.end(
        JSON.stringify({
          code: `no ${authorization} ${cookie} shop pa55-word ${querySecret} ${request.url}`,
          at: Math.random(),
        }),
      );
    });
    const files = ['junit', 'html'].flatMap((form) => [`--${form}`, join(path, form)]);
    const url = `${origin}/charges?api_key=${secret}&token=${encodeURIComponent(querySecret)}`;
    const headers = ['--header', `Authorization: Basic ${basic}`, '--header', `Cookie: session=${secret}`];
    const { code, stdout, stderr } = await runConformance([url, ...headers, ...files, '--rows', 'R7,R10,R12,R17']);
    expect([code, stdout]).toEqual([1, expect.stringContaining('[redacted]')]);
    const texts = [stdout, stderr, ...['junit', 'html'].map((form) => readFileSync(join(path, form), 'utf8'))];
    for (const shown of texts)
      for (const credential of [secret, basic, 'pa55-word', querySecret, encodeURIComponent(querySecret)])
        expect(shown).not.toContain(credential);
  });

  it('goes to the standard output instead of the table', async () => {
    const { stdout } = await runConformance([...argsFor(await reference()), '--rows', 'R3', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ totals: { passed: 1, failed: 0 }, method: 'POST' });
  });

  it('is preceded by a progress bar on a terminal', async () => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const args = ['conformance', ...argsFor(await reference()), '--rows', 'R1,R3'];
    const terminal = Object.assign(stderr, { isTTY: true });
    await run(args, { stdin, stdout, stderr: terminal, env: {}, now: Date.now, exitCode: exitCodes.done });
    expect(String(stderr.read())).toMatch(/Rows \[#+\] 2\/2/);
  });
});

it('ends the target that it started when it is interrupted', async () => {
  const port = await freePort();
  const options = JSON.stringify({ file: join(folder(), 'records.json') });
  const start = `exec '${process.execPath}' '${fileURLToPath(new URL('reference/main.ts', import.meta.url))}' ${port} '${options}'`;
  const args = ['conformance', ...argsFor(`http://127.0.0.1:${port}`), '--start-command', start];
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--no-warnings', main, ...args], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const listens = () =>
    fetch(`http://127.0.0.1:${port}/count`).then(
      () => true,
      () => false,
    );
  await expect.poll(listens).toBe(true);
  child.kill('SIGINT');
  expect(await ended).toEqual([null, 'SIGINT']);
  await expect.poll(listens).toBe(false);
});
