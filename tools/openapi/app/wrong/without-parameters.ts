import createClient from 'openapi-fetch';
import type { paths } from '../api.js';

const body = { product: 'lamp', quantity: 1, source: 'tok_visa' } as const;
export const answer = createClient<paths>().POST('/v1/orders', { body });
