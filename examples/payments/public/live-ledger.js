// Shows the ledgers as the server tells them.

import { listen } from './live-updates.js';

const shown = {};

/** Leaves a ledger alone that has not changed, lest a screen reader read it out again. */
function show(panel, html) {
  if (shown[panel] === html) return;
  shown[panel] = html;
  document.querySelector(`#${panel}-ledger`).innerHTML = html;
}

/** Shows both ledgers from now on. */
export function showLedger() {
  listen('/ledger', ({ keyed, naive }) => {
    show('keyed', keyed);
    show('naive', naive);
  });
}
