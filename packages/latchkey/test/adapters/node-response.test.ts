import type { ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { idempotency as expressGuard } from '../../src/adapters/express.ts';
import { idempotency, type NodeHandler } from '../../src/adapters/node.ts';
import { open, responseTo } from '../../src/testing/adapter-suite/client.ts';
import { firstKey, pause, until } from '../../src/testing/adapter-suite/world.ts';
import { guardOptions, post, serve } from './apps/harness.ts';

/** All functions that change the head. */
const changes: ((response: ServerResponse) => void)[] = [
  (response) => response.setHeader('x-gone', '1'),
  (response) => response.appendHeader('link', '</c>'),
  (response) => response.removeHeader('content-type'),
  (response) => response.writeHead(500, { 'x-gone': '1' }),
];

const sentAlready = expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' });

/** Ways to write the same answer: 201, two headers, `hello`. */
const ways: Record<string, (response: ServerResponse) => void> = {
  'writeHead with an object': (response) =>
    void response.writeHead(201, { 'Content-Type': 'text/plain', Link: ['</a>', '</b>'] }).end('hello'),
  'writeHead with names in small letters': (response) =>
    void response.writeHead(201, { 'content-type': 'text/plain', link: ['</a>', '</b>'] }).end('hello'),
  'writeHead, and rejected header changes after it': (response) => {
    response.writeHead(201, { 'content-type': 'text/plain', link: ['</a>', '</b>'] });
    response.statusCode = 500;
    for (const change of changes) expect(() => change(response)).toThrow(sentAlready);
    response.end('hello');
  },
  'writeHead with a name in two cases': (response) =>
    void response
      .writeHead(201, { 'content-type': 'text/html', 'Content-Type': 'text/plain', link: ['</a>', '</b>'] })
      .end('hello'),
  'a writeHead that failed, and an end': (response) => {
    const headers = { 'content-type': 'text/plain', link: ['</a>', '</b>'], 'x-bad': 'a\nb' };
    expect(() => response.writeHead(201, headers)).toThrow(/Invalid character/);
    response.end('hello');
  },
  'writeHead with a message and a flat list': (response) =>
    void response
      .writeHead(201, 'Made', ['Content-Type', 'text/plain', 'Link', '</a>', 'Link', '</b>'])
      .end(Buffer.from('hello')),
  'setHeader, writeHead and write': (response) => {
    response.setHeader('Link', ['</a>', '</b>']);
    response.writeHead(201, { 'content-type': 'text/plain' });
    response.write('hel');
    response.end('lo', 'utf8', () => undefined);
  },
  'appendHeader and another encoding': (response) => {
    response.statusCode = 201;
    response.appendHeader('Link', '</a>').appendHeader('Link', '</b>').setHeader('Content-Type', 'text/plain');
    response.write('68656c', 'hex', () => response.end('bG8=', 'base64'));
  },
  'flushHeaders and a pipe': (response) => {
    response.writeHead(
      201,
      [
        ['Content-Type', 'text/plain'],
        ['Link', '</a>'],
        ['Link', '</b>'],
      ].flat(),
    );
    response.flushHeaders();
    Readable.from([Buffer.from('hel'), Buffer.from('lo')]).pipe(response);
  },
  'a declared length, and an end after the last chunk': (response) => {
    response.writeHead(201, { 'Content-Type': 'text/plain', 'Content-Length': 5, Link: ['</a>', '</b>'] });
    response.write('hel');
    response.write('lo', () => response.end());
  },
};

describe('an answer written on node', () => {
  for (const [name, write] of Object.entries(ways)) {
    it(`is replayed, written by ${name}`, async () => {
      const guard = idempotency(guardOptions().options);
      const origin = await serve(guard.wrap((_request, response) => write(response)));
      for (const replayed of [undefined, 'true']) {
        const answer = await post(origin);
        expect([answer.status, answer.body.toString(), answer.complete]).toEqual([201, 'hello', true]);
        expect([answer.header('content-type'), answer.all('link')]).toEqual(['text/plain', ['</a>', '</b>']]);
        expect([answer.header('x-gone'), answer.header('x-bad')]).toEqual([undefined, undefined]);
        expect(answer.header('idempotent-replayed')).toBe(replayed);
      }
    });
  }

  for (const [name, length] of [
    ['in chunks', undefined],
    ['with a length', '6'],
  ] as const) {
    it(`does not end, ${name}, before it is stored`, async () => {
      const { faults, options } = guardOptions();
      faults.next('complete', { kind: 'hang' });
      const guard = idempotency(options);
      const origin = await serve(
        guard.wrap((_request, response) => {
          if (length !== undefined) response.setHeader('Content-Length', length);
          response.write('one');
          response.end('two');
        }),
      );
      const request = open(origin, { key: firstKey, body: '{}' });
      request.on('error', () => undefined).end('{}');
      const response = await responseTo(request);
      let text = '';
      response
        .on('error', () => undefined)
        .on('data', (chunk) => {
          text += chunk;
        });
      await until(() => faults.calls.get('complete') === 1 && text === 'one');
      await pause(30);
      expect([text, response.complete]).toEqual(['one', false]);
      request.destroy();
    });
  }

  it('does not send its last declared byte before it is stored, although it has not ended', async () => {
    const { faults, options } = guardOptions();
    faults.next('complete', { kind: 'hang' });
    const origin = await serve(
      idempotency(options).wrap((_request, response) => {
        response.setHeader('Content-Length', '6');
        response.write('one');
        setTimeout(() => response.write('two'), 10);
      }),
    );
    const request = open(origin, { key: firstKey, body: '{}' });
    request.on('error', () => undefined).end('{}');
    const response = await responseTo(request);
    let text = '';
    response
      .on('error', () => undefined)
      .on('data', (chunk) => {
        text += chunk;
      });
    await until(() => faults.calls.get('complete') === 1);
    await pause(30);
    expect(text).toBe('one');
    request.destroy();
  });

  it('equals the written bytes, although the writer reuses its buffer', async () => {
    const origin = await serve(
      idempotency(guardOptions().options).wrap((_request, response) => {
        const buffer = Buffer.from('one');
        response.write(buffer, () => {
          buffer.write('two');
          response.end(buffer);
        });
      }),
    );
    await post(origin);
    expect((await post(origin)).body.toString()).toBe('onetwo');
  });

  it('is replayed with the names of its headers as the handler wrote them', async () => {
    const listener = idempotency(guardOptions().options).wrap((_request, response) => {
      response.setHeader('Content-Type', 'text/plain').setHeader('X-CHARGE', 'ch_1').setHeader('x-small', '1').end();
    });
    const origin = await serve(listener);
    for (const _ of ['first', 'replay']) {
      const { rawHeaders } = await responseTo(open(origin, { key: firstKey }).end());
      expect(rawHeaders).toEqual(expect.arrayContaining(['Content-Type', 'X-CHARGE', 'x-small']));
    }
  });

  it('is stored although the client does not read it', async () => {
    const { options } = guardOptions();
    const size = 12 * 1024 * 1024;
    const origin = await serve(
      idempotency({ ...options, response: { maxBytes: size } }).wrap((_request, response) => {
        const chunks = Array.from({ length: 192 }, () => Buffer.alloc(65_536));
        Readable.from(chunks).pipe(response);
      }),
    );
    const request = open(origin, { key: firstKey, body: '{"amount":2000}' });
    request.on('error', () => undefined).end('{"amount":2000}');
    const response = await responseTo(request);
    response.pause();
    await until(async () => (await options.store.list({ state: 'completed', limit: 1 })).records.length === 1);
    expect((await post(origin)).body.length).toBe(size);
    request.destroy();
  });

  it('calls back and finishes when the end was sent', async () => {
    const seen: string[] = [];
    const guard = idempotency(guardOptions().options);
    const origin = await serve(
      guard.wrap((_request, response) => {
        response.on('finish', () => seen.push('finish'));
        response.end('x', () => seen.push('end'));
        response.end(() => seen.push('end again'));
        seen.push(`ended ${response.writableEnded}`);
      }),
    );
    await post(origin);
    await until(() => seen.length === 4);
    expect(seen[0]).toBe('ended true');
    expect(seen.slice(1).toSorted()).toEqual(['end', 'end again', 'finish']);
  });

  it('is unchanged, whatever the handler does after it', async () => {
    const guard = idempotency(guardOptions().options);
    const origin = await serve(
      guard.wrap((_request, response) => {
        response.setHeader('X-A', 'a');
        response.statusCode = 201;
        response.end('first');
        response.statusCode = 500;
        for (const change of changes) expect(() => change(response)).toThrow(sentAlready);
        response.on('error', ({ message }) => expect(message).toBe('write after end'));
        response.write('second');
        response.end('third');
      }),
    );
    for (let times = 0; times < 2; times += 1) {
      const answer = await post(origin);
      expect([answer.status, answer.body.toString(), answer.header('x-a')]).toEqual([201, 'first', 'a']);
      expect([answer.header('x-gone'), answer.header('link')]).toEqual([undefined, undefined]);
    }
  });

  it('reaches the client although the handler throws after it', async () => {
    const app = express();
    app.post('/charges', expressGuard(guardOptions().options), async (_request, response) => {
      response.status(201).send('done');
      throw new Error('too late');
    });
    const origin = await serve(app);
    for (let times = 0; times < 2; times += 1) {
      const answer = await post(origin);
      expect([answer.status, answer.body.toString()]).toEqual([201, 'done']);
    }
  });

  it('with a status that does not exist fails as without the guard', async () => {
    const app = express();
    app.post('/charges', expressGuard(guardOptions().options), (_request, response) => {
      response.statusCode = 99;
      response.end('x');
    });
    expect((await post(await serve(app))).status).toBe(500);
  });
});

/** Sends, waits for the first bytes, and disconnects. */
async function hangUp(origin: string): Promise<void> {
  const request = open(origin, { key: firstKey, body: '{"amount":2000}' });
  request.on('error', () => undefined).end('{"amount":2000}');
  const response = await responseTo(request);
  await new Promise((resolve) => response.on('error', () => undefined).once('data', resolve));
  request.destroy();
}

async function afterHangUp(handler: NodeHandler) {
  const { options } = guardOptions();
  const guard = idempotency({ ...options, timing: { leaseMs: 300 } });
  const origin = await serve(guard.wrap(handler));
  await hangUp(origin);
  const completed = async () => (await options.store.list({ state: 'completed', limit: 1 })).records.length === 1;
  await until(completed);
  return post(origin);
}

describe('a client that disconnects during the answer', () => {
  it('gets from its retry what the handler wrote afterwards', async () => {
    const answer = await afterHangUp(async (_request, response) => {
      response.write('one');
      await new Promise((resolve) => response.once('close', resolve));
      response.write('two');
      response.end('three');
    });
    expect(answer.body.toString()).toBe('onetwothree');
  });

  it('gets the complete piped stream', async () => {
    const source = new PassThrough();
    const answer = await afterHangUp(async (_request, response) => {
      source.pipe(response);
      source.write('one');
      await new Promise((resolve) => response.once('close', resolve));
      source.end('two');
    });
    expect(answer.body.toString()).toBe('onetwo');
  });

  it('gets response-not-kept if the handler has given up', async () => {
    const answer = await afterHangUp(async (_request, response) => {
      response.write('one');
      await new Promise((resolve) => response.once('close', resolve));
    });
    expect(answer.json()).toMatchObject({ code: 'response-not-kept' });
  });
});
