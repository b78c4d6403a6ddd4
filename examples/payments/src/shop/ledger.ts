import { EventEmitter } from 'node:events';
import type { Request, Response } from 'express';
import type { Charge, Charges } from '../charges.ts';
import { type BuyerAccounts, buyerAccounts } from './cookies.ts';
import type { EventStreams } from './event-streams.ts';
import { ledgerHtml } from './ledger-html.ts';

const length = 12;

/** The charges of one buyer, newest first, through the guarded and the naive endpoint. */
export interface LedgerView {
  readonly keyed: readonly Charge[];
  readonly naive: readonly Charge[];
}

/** The ledger of the checkout page, which every open page gets when it changes. */
export interface Ledger {
  read(accounts: BuyerAccounts): LedgerView;
  /** Must be called when a charge of this account was committed. */
  changed(account: string): void;
  /** Server-sent events: the whole ledger at once, and again at each change. */
  stream(request: Request, response: Response): void;
}

/** The HTML of the page's panels. */
function event({ keyed, naive }: LedgerView) {
  return { keyed: ledgerHtml(keyed).text, naive: ledgerHtml(naive).text };
}

/** Creates the ledger of all buyers' charges. */
export function createLedger(charges: Charges, streams: EventStreams): Ledger {
  const changes = new EventEmitter().setMaxListeners(0);
  const latest = (account: string) => charges.list(account, length)?.charges ?? [];

  function read({ keyed, naive }: BuyerAccounts): LedgerView {
    return { keyed: latest(keyed), naive: latest(naive) };
  }

  function watch(accounts: BuyerAccounts, tell: () => void): () => void {
    const names = Object.values(accounts);
    for (const name of names) changes.on(name, tell);
    return () => {
      for (const name of names) changes.off(name, tell);
    };
  }

  return {
    read,
    changed: (account) => changes.emit(account),
    stream(request, response) {
      const accounts = buyerAccounts(request);
      if (accounts === undefined) response.sendStatus(204);
      else streams.start(response, { read: () => event(read(accounts)), watch: (tell) => watch(accounts, tell) });
    },
  };
}
