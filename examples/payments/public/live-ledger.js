// Shows the ledgers as the server tells them, and the server's own coming and going.

/** Starts to listen; a server that went away is looked for until it is back. */
export function showLedger() {
  const source = new EventSource('/ledger');
  const status = document.querySelector('#server');
  status.hidden = false;
  source.addEventListener('message', ({ data }) => {
    const { server, keyed, naive } = JSON.parse(data);
    status.className = 'server';
    status.textContent = `Server is up, process ${server}`;
    document.querySelector('#keyed-ledger').innerHTML = keyed;
    document.querySelector('#naive-ledger').innerHTML = naive;
  });
  source.addEventListener('error', () => {
    status.className = 'server down';
    status.textContent = 'Server is down';
  });
}
