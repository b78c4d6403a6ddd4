import { EventEmitter } from 'node:events';
import type { Request, Response } from 'express';
import type { Charge, Charges } from '../charges.ts';
import { type BuyerAccounts, buyerAccounts } from './cookies.ts';
import { ledgerHtml } from './ledger-html.ts';

const length = 12;

/** What was really charged to one buyer, newest first: through the guarded endpoint, and through the naive one. */
export interface LedgerView {
  readonly keyed: readonly Charge[];
  readonly naive: readonly Charge[];
}

/** The ledger of the checkout page, told to every open page as it changes. */
export interface Ledger {
  read(accounts: BuyerAccounts): LedgerView;
  /** Call it when a charge of this account was committed. */
  changed(account: string): void;
  /** Server-sent events: the whole ledger at once, and again at each change. */
  stream(request: Request, response: Response): void;
  /** Ends all streams; pages will look for the next server. */
  close(): void;
}

/** What the page puts into its panels. */
function event({ keyed, naive }: LedgerView) {
  return { server: process.pid, keyed: ledgerHtml(keyed).text, naive: ledgerHtml(naive).text };
}

/** Makes the ledger over the charges of all buyers. */
export function createLedger(charges: Charges): Ledger {
  const changes = new EventEmitter().setMaxListeners(0);
  const streams = new Set<Response>();
  const latest = (account: string) => charges.list(account, length)?.charges ?? [];

  function read({ keyed, naive }: BuyerAccounts): LedgerView {
    return { keyed: latest(keyed), naive: latest(naive) };
  }

  function open(accounts: BuyerAccounts, response: Response): void {
    const tell = () => response.write(`data: ${JSON.stringify(event(read(accounts)))}\n\n`);
    const names = Object.values(accounts);
    streams.add(response);
    for (const name of names) changes.on(name, tell);
    response.once('close', () => {
      streams.delete(response);
      for (const name of names) changes.off(name, tell);
    });
    response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('retry: 400\n\n');
    tell();
  }

  return {
    read,
    changed: (account) => changes.emit(account),
    stream(request, response) {
      const accounts = buyerAccounts(request);
      if (accounts === undefined) response.sendStatus(204);
      else open(accounts, response);
    },
    close() {
      for (const response of streams) response.end();
    },
  };
}
