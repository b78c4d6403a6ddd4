// Listens to the server's events, and shows whether the server is running.

/** Starts to listen, and reconnects until a stopped server is back. */
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
