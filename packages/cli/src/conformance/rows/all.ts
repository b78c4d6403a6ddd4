import type { Row } from '../row.ts';
import { bodyRows } from './bodies.ts';
import { crashRows } from './crashes.ts';
import { duplicateRows } from './duplicates.ts';
import { headerRows } from './headers.ts';
import { keyFormRows } from './key-forms.ts';
import { keyRows } from './keys.ts';
import { outcomeRows } from './outcomes.ts';
import { payloadRows } from './payloads.ts';
import { scopeRows } from './scopes.ts';

const groups = [
  keyRows,
  keyFormRows,
  payloadRows,
  scopeRows,
  duplicateRows,
  outcomeRows,
  bodyRows,
  headerRows,
  crashRows,
];

const numberOf = ({ id }: Row) => Number(id.slice(1));

/** Every row that is visible from outside, in the order of the checklist; crashes come last, since they end the target. */
export const rows: readonly Row[] = [
  ...groups
    .flat()
    .filter((row) => !crashRows.includes(row))
    .toSorted((one, other) => numberOf(one) - numberOf(other)),
  ...crashRows,
];
