/** One act on a store that fails at first, as a command-line tool would make it. */

import { operator } from '../../../src/operator/index.ts';
import { memoryStore } from '../../../src/stores/memory/index.ts';
import { faultyStore } from '../../../src/testing/index.ts';
import { ann, created, lapse } from '../records.ts';

const { store, faults } = faultyStore(memoryStore());
const { id, token } = await lapse(store, 'a');
faults.next('read', { kind: 'fail' }, 2);
const { outcome } = await operator({ store }).resolve(id, token, created, ann);
process.stdout.write(outcome);
