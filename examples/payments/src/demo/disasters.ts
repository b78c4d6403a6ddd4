import type { DatabaseSync } from 'node:sqlite';
import type { NextFunction, Request, Response } from 'express';

/** The failures that can be simulated for a payment on the checkout page. */
export type Disaster = 'lost' | 'slow' | 'dies-before-commit' | 'dies-after-commit';

/** The failures that can be simulated for an order in four steps. */
export type OrderDisaster = 'dies-after-reserve' | 'dies-after-charge' | 'provider-lose-answer' | 'provider-die';

type AnyDisaster = Disaster | OrderDisaster;

/** Real failures, each of which happens once, so that the next try succeeds. Only mounted on the shop's routes. */
export interface Disasters {
  /** Reads `Demo-Disaster` and `Demo-Ticket`. Mount it outside the guard. */
  announce(request: Request, response: Response, next: NextFunction): void;
  /** Waits if the server is to be slow. */
  dawdle(request: Request): Promise<void>;
  /** Kills the server if it is to die in the middle of its work. */
  beforeCommit(request: Request): void;
  /** The disaster of a request, for an order, which has its own places for them. */
  announced(request: Request): AnyDisaster | undefined;
  /** Dies as by `kill -9`. */
  die(): void;
}

const slowMs = 3_000;
const ticketPattern = /^[A-Za-z0-9-]{8,64}$/;
const names: readonly string[] = [
  ...(['lost', 'slow', 'dies-before-commit', 'dies-after-commit'] satisfies Disaster[]),
  ...(['dies-after-reserve', 'dies-after-charge', 'provider-lose-answer', 'provider-die'] satisfies OrderDisaster[]),
];

/**
 * Closes each connection after its answer. A browser repeats a POST automatically if a reused connection breaks;
 * without this a lost answer would not be visible on the page (although the naive endpoint still charges twice).
 */
export function closeConnection(_request: Request, response: Response, next: NextFunction): void {
  response.set('Connection', 'close');
  next();
}

function isDisaster(name: string): name is AnyDisaster {
  return names.includes(name);
}

function dieAtOnce(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Calls `disaster` when the handler has ended and the first byte of its answer is about to be sent. */
function beforeAnswer(response: Response, disaster: () => void): void {
  const { writeHead } = response;
  Object.assign(response, {
    writeHead(...head: readonly unknown[]): unknown {
      disaster();
      return Reflect.apply(writeHead, response, head);
    },
  });
}

/** Used tickets are kept in the database, so that a disaster that killed the server does not hit the next one. */
function openTickets(database: DatabaseSync): (ticket: string) => boolean {
  database.exec('CREATE TABLE IF NOT EXISTS disaster_tickets (ticket TEXT PRIMARY KEY) STRICT, WITHOUT ROWID');
  const insertion = database.prepare('INSERT OR IGNORE INTO disaster_tickets (ticket) VALUES (?)');
  return (ticket) => insertion.run(ticket).changes === 1;
}

/** Creates the disasters; used tickets are kept in `database`. */
export function createDisasters(database: DatabaseSync): Disasters {
  const useTicket = openTickets(database);
  const pending = new WeakMap<Request, AnyDisaster>();

  return {
    announce(request, response, next) {
      const disaster = request.get('demo-disaster') ?? '';
      const ticket = request.get('demo-ticket') ?? '';
      if (isDisaster(disaster) && ticketPattern.test(ticket) && useTicket(ticket)) {
        pending.set(request, disaster);
        if (disaster === 'lost') beforeAnswer(response, () => request.socket.destroy());
        if (disaster === 'dies-after-commit') beforeAnswer(response, dieAtOnce);
      }
      next();
    },
    async dawdle(request) {
      if (pending.get(request) === 'slow') await new Promise((resolve) => setTimeout(resolve, slowMs));
    },
    beforeCommit(request) {
      if (pending.get(request) === 'dies-before-commit') dieAtOnce();
    },
    announced: (request) => pending.get(request),
    die: dieAtOnce,
  };
}
