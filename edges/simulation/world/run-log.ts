/**
 * A handler's observations of its request and response, to be compared with those without the guard.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gates } from './gates.ts';

/** One execution of the handler. */
export class RunLog {
  /** The request as the handler got it. */
  readonly view: Record<string, unknown> = {};
  /** Events in the handler's own code, in order. */
  readonly steps: string[] = [];
  /** Events that request and response emitted while the handler listened, unordered. */
  readonly events = new Set<string>();
  /** True once the handler has returned and its promise has settled. */
  ended = false;

  step(text: string): void {
    this.steps.push(text);
  }
}

/** The tools of a handler, the same for all frameworks. */
export class Tools {
  readonly runs: RunLog[] = [];
  /** Number of executions of the operation. */
  effects = 0;
  readonly gates: Gates;
  /** Address of the service that handlers call. */
  readonly upstream: string;
  /** A file to send. */
  readonly file: string;

  constructor(gates: Gates, upstream: string, file: string) {
    this.gates = gates;
    this.upstream = upstream;
    this.file = file;
  }

  /** Starts an execution. */
  begin(): RunLog {
    const log = new RunLog();
    this.runs.push(log);
    return log;
  }

  /** Carries out the operation and returns its number. */
  effect(): number {
    this.effects += 1;
    return this.effects;
  }

  /** Where the handler waits, as for a provider or a database. */
  pause(): Promise<void> {
    return this.gates.pass('handler');
  }
}

/** Codes that have other names over HTTP/2. */
const errorCode = (error: unknown): string =>
  error instanceof Error ? String(Reflect.get(error, 'code') ?? error.message).replace('HTTP2', 'HTTP') : String(error);

/** Listens to events of a request and its response. */
export function watchNode(log: RunLog, request: IncomingMessage, response: ServerResponse): void {
  for (const name of ['aborted', 'end']) request.on(name, () => log.events.add(`request ${name}`));
  request.on('error', (error) => log.events.add(`request error ${errorCode(error)}`));
  for (const name of ['finish', 'close']) response.on(name, () => log.events.add(`response ${name}`));
  response.on('error', (error) => log.events.add(`response error ${errorCode(error)}`));
}

/** Calls a method of the response, and records its visible effect. */
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
  // Responses over HTTP/2 have no `destroyed` property.
  const destroyed: unknown = response.destroyed ?? Reflect.get(Object(Reflect.get(response, 'stream')), 'destroyed');
  return JSON.stringify({ headersSent, writableEnded, statusCode, destroyed });
}
