/**
 * What a handler saw of its request and of its response, to be compared with what it sees without the guard.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gates } from './gates.ts';

/** One execution of the handler. */
export class RunLog {
  /** The request as the handler got it. */
  readonly view: Record<string, unknown> = {};
  /** What happened in the handler's own code, in order. */
  readonly steps: string[] = [];
  /** What request and response emitted while the handler listened, in no order. */
  readonly events = new Set<string>();
  /** The handler has returned, and what it returned has settled. */
  ended = false;

  step(text: string): void {
    this.steps.push(text);
  }
}

/** What a handler works with, the same for all frameworks. */
export class Tools {
  readonly runs: RunLog[] = [];
  /** How many times the operation was carried out. */
  effects = 0;
  readonly gates: Gates;
  /** Where the service behind the handlers listens. */
  readonly upstream: string;
  /** A file to send. */
  readonly file: string;

  constructor(gates: Gates, upstream: string, file: string) {
    this.gates = gates;
    this.upstream = upstream;
    this.file = file;
  }

  /** Begins an execution. */
  begin(): RunLog {
    const log = new RunLog();
    this.runs.push(log);
    return log;
  }

  /** Carries the operation out; gives its number. */
  effect(): number {
    this.effects += 1;
    return this.effects;
  }

  /** Where the handler waits for something: a provider, a database. */
  pause(): Promise<void> {
    return this.gates.pass('handler');
  }
}

/** The codes that are the same over HTTP/2 lack their own mark. */
const errorCode = (error: unknown): string =>
  error instanceof Error ? String(Reflect.get(error, 'code') ?? error.message).replace('HTTP2', 'HTTP') : String(error);

/** Listens to what a request and its response emit. */
export function watchNode(log: RunLog, request: IncomingMessage, response: ServerResponse): void {
  for (const name of ['aborted', 'end']) request.on(name, () => log.events.add(`request ${name}`));
  request.on('error', (error) => log.events.add(`request error ${errorCode(error)}`));
  for (const name of ['finish', 'close']) response.on(name, () => log.events.add(`response ${name}`));
  response.on('error', (error) => log.events.add(`response error ${errorCode(error)}`));
}

/** Makes a call on the response, and notes what it did to what the application can see of it. */
export function noted<T>(log: RunLog, name: string, response: ServerResponse, call: () => T): T {
  try {
    const result = call();
    log.step(`${name}: ${stateOf(response)}`);
    return result;
  } catch (error) {
    log.step(`${name}: threw ${errorCode(error)}, ${stateOf(response)}`);
    throw error;
  }
}

function stateOf(response: ServerResponse): string {
  const { headersSent, writableEnded, statusCode } = response;
  // Responses over HTTP/2 have no `destroyed` of their own.
  const destroyed: unknown = response.destroyed ?? Reflect.get(Object(Reflect.get(response, 'stream')), 'destroyed');
  return JSON.stringify({ headersSent, writableEnded, statusCode, destroyed });
}
