/**
 * What is asked of `ioredis` in one turn of the event loop, sent as one pipeline: in one write instead of many, and for
 * less than its auto-pipelining takes.
 *
 * @module
 */

import type { Argument } from './wire.ts';

/** The commands, in the form that gives replies as bytes. The library has it for every command and types it for few. */
export interface BinaryCommands {
  setBuffer(...args: readonly Argument[]): unknown;
  evalshaBuffer(...args: readonly Argument[]): unknown;
  evalBuffer(...args: readonly Argument[]): unknown;
}

/** The methods of a pipeline of ioredis that the store calls. */
export interface IoredisPipeline {
  exec(): Promise<IoredisResults | null>;
}

type IoredisResults = readonly (readonly [error: Error | null, reply: unknown])[];

interface Waiting {
  readonly command: keyof BinaryCommands;
  readonly args: readonly Argument[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** @throws TypeError if it has no such commands. */
export function binaryCommands(target: object): BinaryCommands {
  if (hasBinaryCommands(target)) return target;
  throw new TypeError('This ioredis has no setBuffer, evalshaBuffer and evalBuffer.');
}

function hasBinaryCommands(target: object): target is BinaryCommands {
  return ['setBuffer', 'evalshaBuffer', 'evalBuffer'].every((name) => name in target);
}

/** Gathers the commands of a turn. */
export class IoredisTurn {
  readonly #client: { pipeline(): IoredisPipeline };
  #waiting: Waiting[] = [];
  readonly #end = () => this.#flush();

  constructor(client: { pipeline(): IoredisPipeline }) {
    this.#client = client;
  }

  send(command: keyof BinaryCommands, args: readonly Argument[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(this.#end);
      this.#waiting.push({ command, args, resolve, reject });
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const fail = (error: unknown) => {
      for (const { reject } of waiting) reject(error);
    };
    try {
      const pipeline = this.#client.pipeline();
      const commands = binaryCommands(pipeline);
      for (const { command, args } of waiting) commands[command](...args);
      pipeline.exec().then((results) => settle(waiting, results), fail);
    } catch (error) {
      fail(error);
    }
  }
}

function settle(waiting: readonly Waiting[], results: IoredisResults | null): void {
  for (const [index, { resolve, reject }] of waiting.entries()) {
    const [error, reply] = results?.[index] ?? [new Error('The pipeline of ioredis gave no reply.')];
    if (error === null) resolve(reply);
    else reject(error);
  }
}
