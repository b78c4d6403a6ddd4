/**
 * Functions in front of a raw response's own, which notice whoever writes there past Fastify. Nearly all answers never meet
 * them: Fastify hands those over in `onSend`. They are shared by all responses, as those of the full capture are.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';

/** Whoever has set the traps. */
export interface TrapOwner {
  /**
   * Somebody is about to write, to send the head, or to destroy the response. True if the call goes on, to whatever
   * functions the response has by then.
   */
  letsPass(): boolean;
  /** What a call comes to that must not go on. */
  refuse(call: TrappedCall): unknown;
  /** The response was closed. */
  closed(): void;
}

/** A call that met a trap. */
export interface TrappedCall {
  readonly name: 'write' | 'end' | 'writeHead' | 'flushHeaders' | 'destroy';
  readonly args: readonly unknown[];
}

/** A function of a response, whatever its overloads. */
type Method = (this: ServerResponse, ...args: readonly unknown[]) => unknown;
type Methods = { -readonly [Name in TrappedCall['name']]: Method };

const trapping = Symbol('latchkey.traps');

type Trapped = ServerResponse & { [trapping]: RawTraps };

function spring(response: Trapped, name: TrappedCall['name'], args: readonly unknown[]): unknown {
  const { owner } = response[trapping];
  if (!owner.letsPass()) return owner.refuse({ name, args });
  return Reflect.apply((response as unknown as Methods)[name], response, args);
}

function write(this: Trapped, ...args: readonly unknown[]): unknown {
  return spring(this, 'write', args);
}

function end(this: Trapped, ...args: readonly unknown[]): unknown {
  spring(this, 'end', args);
  return this;
}

function writeHead(this: Trapped, ...args: readonly unknown[]): unknown {
  spring(this, 'writeHead', args);
  return this;
}

function flushHeaders(this: Trapped, ...args: readonly unknown[]): void {
  spring(this, 'flushHeaders', args);
}

function destroy(this: Trapped, ...args: readonly unknown[]): unknown {
  spring(this, 'destroy', args);
  return this;
}

function onClose(this: Trapped): void {
  this[trapping].owner.closed();
}

/** The traps on one response. */
export class RawTraps {
  readonly owner: TrapOwner;
  readonly #response: ServerResponse;
  readonly #write: unknown;
  readonly #end: unknown;
  readonly #writeHead: unknown;
  readonly #flushHeaders: unknown;
  readonly #destroy: unknown;

  constructor(response: ServerResponse, owner: TrapOwner) {
    this.owner = owner;
    this.#response = response;
    this.#write = response.write;
    this.#end = response.end;
    this.#writeHead = response.writeHead;
    this.#flushHeaders = response.flushHeaders;
    this.#destroy = response.destroy;
    const trapped = response as unknown as Methods & { [trapping]: RawTraps };
    trapped[trapping] = this;
    trapped.write = write as Method;
    trapped.end = end as Method;
    trapped.writeHead = writeHead as Method;
    trapped.flushHeaders = flushHeaders as Method;
    trapped.destroy = destroy as Method;
    response.on('close', onClose);
  }

  /** Gives the response its functions back. Deleting the traps instead would make it a slow object. */
  remove(): void {
    const response = this.#response as unknown as { [Name in TrappedCall['name']]: unknown };
    response.write = this.#write;
    response.end = this.#end;
    response.writeHead = this.#writeHead;
    response.flushHeaders = this.#flushHeaders;
    response.destroy = this.#destroy;
  }
}

/** True if a guard has set its traps on this response. */
export function isTrapped(response: ServerResponse): boolean {
  return trapping in response;
}
