/** The shop's client of the card provider: one call, safe to repeat under its key. */

import type { StepTools } from 'latchkey';
import { NoAnswerError, stepFetch } from 'latchkey/client';
import type { Behaviour } from '../provider/behaviour.ts';
import type { CardPayment } from '../provider/ledger.ts';

/** The provider's outcome. */
export type CardOutcome = { readonly paid: string } | { readonly declined: true };

/** The provider gave no final answer; the order can be sent again under its key. */
export class ProviderSilentError extends Error {}

/** The provider's client. */
export interface CardProvider {
  /**
   * Pays under the key of a step.
   *
   * @throws ProviderSilentError if no final answer came.
   */
  charge(tools: StepTools, payment: CardPayment, source: string): Promise<CardOutcome>;
  /** Sets how the provider treats the next payment. */
  misbehave(behaviour: Behaviour): Promise<void>;
}

// A hung call is retried soon, since the buyer waits.
const perTry = { maxAttempts: 4, attemptTimeoutMs: 3_000 } as const;

/** The provider at `url`; without one every payment fails. */
export function cardProvider(url: string | undefined): CardProvider {
  return {
    async charge(tools, payment, source) {
      if (url === undefined) throw new ProviderSilentError('No card provider is set.');
      const body = JSON.stringify({ ...payment, source });
      const headers = { 'Content-Type': 'application/json' };
      const response = await calling(() =>
        stepFetch(tools, `${url}/v1/charges`, { method: 'POST', headers, body }, perTry),
      );
      if (response.status === 402) return { declined: true };
      if (!response.ok) throw new ProviderSilentError(`The provider answered ${response.status}.`);
      const { id } = (await response.json()) as { readonly id: string };
      return { paid: id };
    },
    async misbehave(behaviour) {
      if (url !== undefined)
        await fetch(`${url}/control`, { method: 'PUT', body: JSON.stringify({ next: [behaviour] }) });
    },
  };
}

async function calling(call: () => Promise<Response>): Promise<Response> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof NoAnswerError) throw new ProviderSilentError('The provider gave no answer.', { cause: error });
    throw error;
  }
}
