import type { paths } from '../api.js';

type Marks = paths['/v1/orders']['post']['responses'][200]['headers'];
export const marks: Marks = { 'Idempotency-Status': 1 };
