/** Every deliberate fault by name, each of which must be caught. */

import { engineFaults } from './engine-faults.ts';
import type { Fault } from './fault.ts';
import { storeFaults } from './store-faults.ts';

export const faults: Readonly<Record<string, Fault>> = { ...storeFaults, ...engineFaults };
