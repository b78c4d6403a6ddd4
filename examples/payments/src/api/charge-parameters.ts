import type { ChargeParameters } from '../charges.ts';
import { parseMetadata } from './metadata.ts';
import { badParameter } from './stripe-error.ts';

const known = /^(amount|currency|source|description|metadata(\[.*\])?)$/s;
const maxAmount = 99_999_999;
const maxDescriptionLength = 500;

type Parameters = Readonly<Record<string, unknown>>;

/**
 * Reads the parameters of a new charge from a form or a JSON body.
 *
 * @throws StripeError 400, naming the first parameter that is missing or bad.
 */
export function parseChargeParameters(body: unknown): ChargeParameters {
  const parameters = isParameters(body) ? body : {};
  refuseUnknown(parameters);
  return {
    amount: parseAmount(required(parameters, 'amount')),
    currency: parseCurrency(required(parameters, 'currency')),
    source: parseSource(required(parameters, 'source')),
    description: parseDescription(parameters['description']),
    metadata: parseMetadata(parameters),
  };
}

function isParameters(body: unknown): body is Parameters {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}

function refuseUnknown(parameters: Parameters): void {
  const stranger = Object.keys(parameters).find((name) => !known.test(name));
  if (stranger === undefined) return;
  const name = stranger.slice(0, 80);
  throw badParameter(name, 'parameter_unknown', `A charge has no parameter ${name}.`);
}

function required(parameters: Parameters, name: string): unknown {
  const value = parameters[name];
  if (value === undefined || value === null) throw badParameter(name, 'parameter_missing', `A charge needs ${name}.`);
  if (value === '') throw badParameter(name, 'parameter_invalid_empty', `${name} is empty.`);
  return value;
}

function parseAmount(value: unknown): number {
  const amount = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  if (typeof amount !== 'number' || !Number.isInteger(amount) || amount < 1) {
    throw badParameter('amount', 'parameter_invalid_integer', 'amount must be a whole number, 1 or more.');
  }
  if (amount <= maxAmount) return amount;
  throw badParameter('amount', 'amount_too_large', `amount may be ${maxAmount} at most.`);
}

function parseCurrency(value: unknown): string {
  if (typeof value === 'string' && /^[A-Za-z]{3}$/.test(value)) return value.toLowerCase();
  throw badParameter('currency', 'currency_invalid', 'currency must be a code of three letters, such as usd.');
}

function parseSource(value: unknown): string {
  if (typeof value === 'string' && /^tok_[A-Za-z0-9_]{1,64}$/.test(value)) return value;
  throw badParameter('source', 'resource_missing', 'source must be the token of a card, such as tok_visa.');
}

function parseDescription(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string' && value.length <= maxDescriptionLength) return value;
  const message = `description must be a text of at most ${maxDescriptionLength} characters.`;
  throw badParameter('description', 'parameter_invalid_string', message);
}
