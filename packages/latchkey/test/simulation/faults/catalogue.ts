/** Every deliberate fault by name: each of them must be caught, or the simulator proves nothing. */

import { engineFaults } from './engine-faults.ts';
import type { Fault } from './fault.ts';
import { storeFaults } from './store-faults.ts';

export const faults: Readonly<Record<string, Fault>> = { ...storeFaults, ...engineFaults };
