// Listens to what the server tells, and shows the server's own coming and going.

/** Starts to listen; a server that went away is looked for until it is back. */
export function listen(path, show) {
  const source = new EventSource(path);
  const status = document.querySelector('#server');
  const processes = new Set();
  source.addEventListener('message', ({ data }) => {
    const { server, ...state } = JSON.parse(data);
    status.className = 'server';
    processes.add(server);
    status.textContent = describe([...processes]);
    show(state);
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
