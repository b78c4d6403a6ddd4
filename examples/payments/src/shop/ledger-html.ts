import type { Charge } from '../charges.ts';
import { dollars, type Html, html } from './html.ts';

/** Charges in a panel: the status of the latest order, and every charge below it. */
export function ledgerHtml(charges: readonly Charge[]): Html {
  const [latest] = charges;
  if (latest === undefined) return html`<p class="outcome"><strong>Nothing charged yet</strong></p>`;
  return html`
    ${outcome(charges.filter(({ description }) => description === latest.description))}
    <table>
      <caption>Ledger</caption>
      <thead class="for-readers"><tr><th>Charge</th><th>Order</th><th>Amount</th></tr></thead>
      <tbody>${charges.map((charge, index) => row(charge, isRepeat(charges, index)))}</tbody>
    </table>`;
}

function outcome(charges: readonly Charge[]): Html {
  const total = charges.reduce((sum, { amount }) => sum + amount, 0);
  const order = charges[0]?.description ?? '';
  if (charges.length === 1)
    return html`<p class="outcome once"><strong>Charged once</strong> ${dollars(total)} for ${order}</p>`;
  const times = charges.length === 2 ? 'twice' : `${charges.length} times`;
  return html`<p class="outcome again"><strong>Charged ${times}</strong> ${dollars(total)} for ${order}</p>`;
}

function row({ id, description, amount }: Charge, repeat: boolean): Html {
  const note = repeat ? html` <span class="repeat">again</span>` : html``;
  return html`
    <tr${repeat ? html` class="again"` : html``}>
      <td><code title="${id}">${id.slice(0, 11)}…</code></td>
      <td>${(description ?? '').replace('Order ', '')}${note}</td>
      <td>${dollars(amount)}</td>
    </tr>`;
}

/** The list is newest first, so a repeat has an older charge of its order below it. */
function isRepeat(charges: readonly Charge[], index: number): boolean {
  return charges.slice(index + 1).some(({ description }) => description === charges[index]?.description);
}
