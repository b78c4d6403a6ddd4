/** The members of an error of Stripe's API. */
export interface StripeErrorDetails {
  readonly type: 'invalid_request_error' | 'card_error' | 'api_error';
  readonly message: string;
  readonly code?: string;
  readonly decline_code?: string;
  readonly param?: string;
}

/** An error that the API answers with its own status and Stripe's body. */
export class StripeError extends Error {
  readonly status: number;
  readonly details: StripeErrorDetails;

  constructor(status: number, details: StripeErrorDetails) {
    super(details.message);
    this.status = status;
    this.details = details;
  }
}

/** The body of an error answer. */
export function errorBody(details: StripeErrorDetails): { error: StripeErrorDetails } {
  return { error: details };
}

/** An invalid parameter. */
export function badParameter(param: string, code: string, message: string): StripeError {
  return new StripeError(400, { type: 'invalid_request_error', code, param, message });
}

/** Something that does not exist for this account. */
export function notFound(param: string, message: string): StripeError {
  return new StripeError(404, { type: 'invalid_request_error', code: 'resource_missing', param, message });
}

/** The issuer declined; a final answer about this attempt. */
export function cardDeclined(): StripeErrorDetails {
  return {
    type: 'card_error',
    code: 'card_declined',
    decline_code: 'generic_decline',
    message: 'The card was declined.',
    param: 'source',
  };
}
