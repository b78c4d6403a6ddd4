// The order that was sent and has no final answer yet. It outlives a reload, as its key does.

const name = 'pending-order';

/** The order from before a reload, or from a try that brought no answer. */
export function pendingOrder() {
  return JSON.parse(sessionStorage.getItem(name) ?? 'null');
}

/** Remembers an order before its first request leaves. */
export function beginOrder(order) {
  sessionStorage.setItem(name, JSON.stringify(order));
  return order;
}

/** Forgets an order that has its final answer, good or bad. */
export function endOrder(order) {
  if (pendingOrder()?.number === order.number) sessionStorage.removeItem(name);
}
