/**
 * The ways to answer with Express' methods.
 *
 * @module
 */

import { basename, dirname } from 'node:path';
import type { Response } from 'express';
import { turns } from '../world/clock.ts';
import type { NodeKind } from './node-order.ts';

const failed = (error: unknown): string => (error === undefined ? 'ok' : String(Reflect.get(Object(error), 'code')));

/** By name. */
export const expressKinds = {
  json: ({ act, text }, response) => {
    act('json', () => response.status(201).location('/orders/1').json(JSON.parse(text)));
  },
  'send a string': ({ act, text }, response) => {
    act('send', () => response.status(200).send(text));
  },
  'send a buffer': ({ act, text }, response) => {
    act('send', () => response.type('json').send(Buffer.from(text)));
  },
  sendStatus: ({ act }, response) => {
    act('sendStatus', () => response.sendStatus(202));
  },
  redirect: ({ act }, response) => {
    act('redirect', () => response.redirect(303, '/orders/1'));
  },
  sendFile: ({ tools, log }, response) => {
    response.sendFile(basename(tools.file), { root: dirname(tools.file) }, (error) =>
      log.step(`sendFile: ${failed(error)}`),
    );
  },
  'sendFile with the error passed on': ({ tools }, response, next) => {
    response.sendFile(basename(tools.file), { root: dirname(tools.file) }, (error) => {
      if (error) next(error);
    });
  },
  'sendFile without a callback': ({ tools }, response) => {
    response.sendFile(basename(tools.file), { root: dirname(tools.file) });
  },
  download: ({ tools, log }, response) => {
    response.download(tools.file, 'invoice.txt', (error) => log.step(`download: ${failed(error)}`));
  },
  'json twice': ({ act, text }, response) => {
    act('json', () => response.status(201).json(JSON.parse(text)));
    act('json again', () => response.status(400).json({ error: 'invalid' }));
  },
  'json twice, the second error caught': ({ act, text }, response) => {
    act('json', () => response.status(201).json(JSON.parse(text)));
    try {
      act('json again', () => response.status(400).json({ error: 'invalid' }));
    } catch {}
  },
  'throw after json': async ({ act, text }, response) => {
    act('json', () => response.status(201).json(JSON.parse(text)));
    await null;
    throw new Error('after the answer');
  },
  'next with an error': ({ act }, _response, next) => {
    act('next', () => next(new Error('refused')));
  },
  'next with an error after json': ({ act, text }, response, next) => {
    act('json', () => response.status(201).json(JSON.parse(text)));
    act('next', () => next(new Error('after the answer')));
  },
  'a cookie and a type': async ({ act, text }, response) => {
    await turns(1);
    act('send', () => response.cookie('a', '1').cookie('b', '2').type('html').send(`<p>${text}</p>`));
  },
  'not found by falling through': ({ act }, _response, next) => {
    act('next', () => next());
  },
} as const satisfies Record<string, NodeKind<Response>>;
