import type { DatabaseSync } from 'node:sqlite';
import type { NextFunction, Request, Response } from 'express';

/** What can be made to go wrong with one payment of the checkout page. */
export type Disaster = 'lost' | 'slow' | 'dies-before-commit' | 'dies-after-commit';

/** What can be made to go wrong with an order in four steps. */
export type OrderDisaster = 'dies-after-reserve' | 'dies-after-charge' | 'provider-lose-answer' | 'provider-die';

type AnyDisaster = Disaster | OrderDisaster;

/** Real disasters, each striking once: the try that follows it goes through. Mounted on the shop's routes alone. */
export interface Disasters {
  /** Reads `Demo-Disaster` and `Demo-Ticket`. Mount it outside the guard. */
  announce(request: Request, response: Response, next: NextFunction): void;
  /** Where a slow server takes its time. */
  dawdle(request: Request): Promise<void>;
  /** Where a server dies with its work half done. */
  beforeCommit(request: Request): void;
  /** The disaster of a request, for an order that has places of its own for them. */
  announced(request: Request): AnyDisaster | undefined;
  /** Dies as a server does that is killed. */
  die(): void;
}

const slowMs = 3_000;
const ticketPattern = /^[A-Za-z0-9-]{8,64}$/;
const names: readonly string[] = [
  ...(['lost', 'slow', 'dies-before-commit', 'dies-after-commit'] satisfies Disaster[]),
  ...(['dies-after-reserve', 'dies-after-charge', 'provider-lose-answer', 'provider-die'] satisfies OrderDisaster[]),
];

/**
 * Closes each connection after its answer. A browser repeats a POST by itself, unseen, if a connection that it has
 * used before breaks: without this, a lost answer would not show on the page (the naive endpoint charges twice all
 * the same).
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

/** Calls `disaster` when the handler is done and the first byte of its answer is about to leave. */
function beforeAnswer(response: Response, disaster: () => void): void {
  const { writeHead } = response;
  Object.assign(response, {
    writeHead(...head: readonly unknown[]): unknown {
      disaster();
      return Reflect.apply(writeHead, response, head);
    },
  });
}

/** Used tickets are kept in the database: a disaster that killed the server must not strike its successor. */
function openTickets(database: DatabaseSync): (ticket: string) => boolean {
  database.exec('CREATE TABLE IF NOT EXISTS disaster_tickets (ticket TEXT PRIMARY KEY) STRICT, WITHOUT ROWID');
  const insertion = database.prepare('INSERT OR IGNORE INTO disaster_tickets (ticket) VALUES (?)');
  return (ticket) => insertion.run(ticket).changes === 1;
}

/** Prepares the disasters; the used tickets are kept in `database`. */
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
