import type { components } from '../api.js';

type Conflict = components['schemas']['IdempotencyProblem409']['error']['latchkey_code'];
export const code: Conflict = 'busy';
