// Shows the ledgers as the server tells them, and the server's own coming and going.

const shown = {};

/** Leaves a ledger alone that has not changed, lest a screen reader read it out again. */
function show(panel, html) {
  if (shown[panel] === html) return;
  shown[panel] = html;
  document.querySelector(`#${panel}-ledger`).innerHTML = html;
}

/** Starts to listen; a server that went away is looked for until it is back. */
export function showLedger() {
  const source = new EventSource('/ledger');
  const status = document.querySelector('#server');
  const processes = new Set();
  source.addEventListener('message', ({ data }) => {
    const { server, keyed, naive } = JSON.parse(data);
    status.className = 'server';
    processes.add(server);
    status.textContent = describe([...processes]);
    show('keyed', keyed);
    show('naive', naive);
  });
  source.addEventListener('error', () => {
    status.className = 'server down';
    status.textContent = 'Server is down';
  });
}

function describe(processes) {
  const [current, before] = processes.reverse();
  return before === undefined
    ? `Server is up: process ${current}`
    : `Server is up: process ${current}, after ${before} died`;
}
