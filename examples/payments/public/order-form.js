// Reads and shows the order in the form.

const demoNames = ['idempotency_key', 'ticket', 'disaster', 'order'];

/** A number for display; the key makes the payment happen once. */
export function newNumber() {
  return crypto.randomUUID().slice(0, 8).toUpperCase();
}

/** The order as sent, always with the same fields. */
export function takeOrder(form) {
  const number = form.elements.namedItem('order').value;
  const fields = [...new FormData(form)].filter(([field]) => !demoNames.includes(field));
  return { number, total: totalOf(form), fields };
}

/** The body of the payment request. */
export function orderBody({ number, fields }) {
  return JSON.stringify({ ...Object.fromEntries(fields), order: number });
}

/** The order's description for people. */
export function describeOrder({ number, total }) {
  return `What happened to order ${number}, ${dollars(total)}`;
}

export function showNumber(form, number) {
  form.elements.namedItem('order').value = number;
  form.querySelector('#number').value = number;
}

export function showTotal(form) {
  form.querySelector('#total').value = dollars(totalOf(form));
}

function totalOf(form) {
  const lines = [...form.querySelectorAll('[data-price]')];
  return lines.reduce((sum, line) => sum + Number(line.dataset.price) * (line.valueAsNumber || 0), 0);
}

function dollars(cents) {
  return `$${(cents / 100).toFixed(2)}`;
}
