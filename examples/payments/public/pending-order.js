// The order that was sent and has no final answer yet. It is kept over a reload, like its key.

const name = 'pending-order';

/** The order from before a reload, or from a try without an answer. */
export function pendingOrder() {
  return JSON.parse(sessionStorage.getItem(name) ?? 'null');
}

/** Saves an order before its first request is sent. */
export function beginOrder(order) {
  sessionStorage.setItem(name, JSON.stringify(order));
  return order;
}

/** Removes an order that has its final answer. */
export function endOrder(order) {
  if (pendingOrder()?.number === order.number) sessionStorage.removeItem(name);
}
