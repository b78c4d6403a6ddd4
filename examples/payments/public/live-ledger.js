// Shows the ledgers that the server sends.

import { listen } from './live-updates.js';

const shown = {};

/** Does not update an unchanged ledger, so that a screen reader does not read it again. */
function show(panel, html) {
  if (shown[panel] === html) return;
  shown[panel] = html;
  document.querySelector(`#${panel}-ledger`).innerHTML = html;
}

/** Starts to show both ledgers. */
export function showLedger() {
  listen('/ledger', ({ keyed, naive }) => {
    show('keyed', keyed);
    show('naive', naive);
  });
}
