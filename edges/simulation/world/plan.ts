/**
 * The plan of one world: the application, its guard, and the client's actions. It only depends on a seed.
 *
 * @module
 */

import { expressLambdas } from '../../test/kit/lambdas.ts';
import { type Framework, frameworks, partsOf } from '../apps/frameworks.ts';
import { fitsHandler, fitsHttp2, fitsLambda } from '../apps/middlewares.ts';
import { Chance } from './chance.ts';

/** The first client's actions. */
export const stories = [
  'waits for the answer',
  'sends its body in small pieces',
  'leaves in the middle of its body',
  'ends its side in the middle of its body',
  'leaves during the claim',
  'leaves while it waits',
  'leaves while the handler works',
  'ends its side while the handler works',
  'leaves while the answer is stored',
  'leaves after the head of the answer',
  'leaves after the answer',
  'sends twice on one connection',
  'sends twice at once',
] as const;

export type Story = (typeof stories)[number];

/** Whether the body is parsed before or after the guard. */
export type ParserPlace = 'before' | 'behind' | 'nowhere';

/** How a body is parsed. */
export type ParserKind = 'json' | 'json, bytes kept' | 'text' | 'raw' | 'form' | 'multipart';

/** How a request is sent. */
export interface Wire {
  readonly protocol: 'http/1.1' | 'http/2';
  readonly acceptsGzip: boolean;
}

/** One world. */
export interface Plan {
  readonly seed: number;
  readonly framework: Framework;
  /** The adapter for AWS Lambda; undefined for an application that listens. */
  readonly lambda: string | undefined;
  /** Middlewares before the guard, in order. */
  readonly before: readonly string[];
  /** Middlewares between guard and handler. */
  readonly behind: readonly string[];
  readonly parser: ParserPlace;
  readonly parserKind: ParserKind;
  readonly handler: string;
  /** Whether the handler waits for something before it answers. */
  readonly pauses: boolean;
  readonly afterFailure: 'refuse' | 'rerun';
  readonly whenRunning: 'reject' | 'wait';
  /** Turns of the event loop per store call. */
  readonly storeTurns: number;
  readonly story: Story;
  /** How a client disconnects: an ordinary end, or a reset of its connection. */
  readonly leaves: 'end' | 'reset';
  readonly gzippedBody: boolean;
  readonly chunkedBody: boolean;
  /** Bytes of the body that are sent before the client continues or disconnects. */
  readonly firstPiece: number;
  readonly first: Wire;
  readonly retry: Wire;
}

/** A Lambda function gets complete requests and returns complete answers. */
const lambdaStories: readonly Story[] = ['waits for the answer', 'leaves after the answer', 'sends twice at once'];
const lambdaHandlers = ['json', 'send a string', 'send a buffer', 'sendStatus', 'redirect', 'end with a head', 'steps'];

const lambdas = Object.keys(expressLambdas);

const mustPause: ReadonlySet<Story> = new Set([
  'leaves while it waits',
  'leaves while the handler works',
  'ends its side while the handler works',
  'sends twice at once',
  'sends twice on one connection',
]);

const parserKinds: readonly ParserKind[] = ['json', 'json', 'json, bytes kept', 'text', 'raw', 'form', 'multipart'];

function wireOf(chance: Chance, http2: boolean): Wire {
  return { protocol: http2 && chance.happens(0.3) ? 'http/2' : 'http/1.1', acceptsGzip: chance.happens(0.4) };
}

/** Two kinds of sessions overwrite each other's `request.session`. */
function oneSession(names: readonly string[]): string[] {
  const isSession = (name: string) => name.includes('session');
  return names.filter((name, index) => !isSession(name) || names.findIndex(isSession) === index);
}

/** Hono's server passes the connection headers of an upstream's answer to HTTP/2, which throws. */
function servesHttp2(framework: Framework, handler: string): boolean {
  if (framework === 'express 4' || framework === 'express 5') return false;
  return !(framework === 'hono' || framework === 'fetch') || !handler.includes('upstream');
}

/** Whether the application can read a compressed body. */
function inflates(framework: Framework, parser: ParserPlace, middlewares: readonly string[]): boolean {
  if (framework === 'hono' || framework === 'fetch') return false;
  return framework !== 'fastify' || (parser !== 'nowhere' && middlewares.includes('@fastify/compress'));
}

/** The world of a seed. */
export function planOf(seed: number): Plan {
  const chance = new Chance(seed);
  const framework = chance.pick(frameworks);
  const lambda = framework.startsWith('express') && chance.happens(0.15) ? chance.pick(lambdas) : undefined;
  const story = chance.pick(lambda === undefined ? stories : lambdaStories);
  const parts = partsOf(framework);
  const handler = chance.pick(lambda === undefined ? parts.handlers : lambdaHandlers);
  const fitting = parts.middlewares.filter(
    (name) => fitsHandler(name, handler) && (lambda === undefined || fitsLambda(name)),
  );
  const middlewares = oneSession(chance.some(fitting, chance.count(2, 4)));
  const http2 = servesHttp2(framework, handler) && middlewares.every(fitsHttp2);
  const first = wireOf(chance, http2);
  const split = chance.count(0, middlewares.length);
  const parser =
    framework === 'node:http' || framework === 'fetch'
      ? 'nowhere'
      : chance.pick<ParserPlace>(['before', 'behind', 'nowhere']);
  const parserKind = chance.pick(parserKinds);
  return {
    seed,
    framework,
    lambda,
    before: middlewares.slice(0, split),
    behind: middlewares.slice(split),
    parser,
    parserKind,
    handler,
    pauses: mustPause.has(story) || chance.happens(0.3),
    afterFailure: chance.pick(['refuse', 'rerun']),
    whenRunning: story === 'leaves while it waits' ? 'wait' : chance.pick(['reject', 'wait']),
    storeTurns: chance.count(0, 2),
    story,
    leaves: chance.pick(['end', 'reset']),
    gzippedBody: chance.happens(0.15) && lambda === undefined && inflates(framework, parser, middlewares),
    // Over HTTP/2 a body without a length that ends early counts as complete, and Node also ends a reset one that way.
    chunkedBody: chance.happens(0.2) && !(story.includes('the middle of its body') && first.protocol === 'http/2'),
    firstPiece: chance.count(0, 12),
    first,
    // Whether the head was sent when a stream breaks depends on the protocol.
    retry: handler === 'a stream that breaks' ? first : wireOf(chance, http2),
  };
}
