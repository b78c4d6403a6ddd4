/**
 * Pages of records, without the operator's internal ones, and the search for stuck records.
 *
 * @module
 */

import { ask } from '../core/audit/own-record.ts';
import { checkOption } from '../core/options/read-options.ts';
import { anyOf, integer } from '../core/options/rules.ts';
import type { RecordState } from '../core/store.ts';
import { recordReference } from '../core/support/digest.ts';
import { isOwn, type RecordEntry, recordEntry } from './record-entry.ts';
import type { OperatorTools } from './tools.ts';

/** The arguments of `Operator.list`. */
export interface RecordListRequest {
  /** `stuck` records are lapsed ones that no worker takes over again. */
  readonly state: RecordState | 'stuck';
  /** Maximum number of records, 1 to 1,000. */
  readonly limit: number;
  /** The `next` of the previous page. */
  readonly cursor?: string;
}

/** A page of records in a stable order. */
export interface RecordEntryPage {
  readonly records: readonly RecordEntry[];
  /** Present if there may be more records; even a short or empty page can have a `next`. */
  readonly next?: string;
}

const states = ['running', 'lapsed', 'stuck', 'open', 'completed'];
const maxPage = 1_000;
/** Maximum number of calls to the store for one page. */
const mostTries = 20;

/** @throws LatchkeyError `option-invalid`. */
export async function listRecords(
  tools: OperatorTools,
  maxAttempts: number,
  request: RecordListRequest,
): Promise<RecordEntryPage> {
  checkOption('list', 'state', request.state, anyOf(...states));
  checkOption('list', 'limit', request.limit, integer({ min: 1, max: maxPage }));
  const state = request.state === 'stuck' ? 'lapsed' : request.state;
  const records: RecordEntry[] = [];
  let { cursor } = request;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const asked = { state, limit: request.limit - records.length, ...(cursor !== undefined && { cursor }) };
    const page = await ask(tools, 'list', () => tools.store.list(asked));
    const entries = page.records.filter((record) => !isOwn(record)).map((record) => recordEntry(record, maxAttempts));
    records.push(...entries.filter(({ stuck }) => stuck || request.state !== 'stuck'));
    cursor = page.next;
    if (cursor === undefined) return { records };
    if (records.length === request.limit) break;
  }
  return { records, ...(cursor !== undefined && { next: cursor }) };
}

/** In the order of likelihood. */
const statesByNeed: readonly RecordState[] = ['lapsed', 'running', 'open', 'completed'];

/** The id of the record with this reference, found by reading the store's records state by state. */
export async function findByReference(tools: OperatorTools, reference: string): Promise<string | undefined> {
  const wanted = reference.trim().toUpperCase();
  for (const state of statesByNeed) {
    let cursor: string | undefined;
    do {
      const asked = { state, limit: maxPage, ...(cursor !== undefined && { cursor }) };
      const page = await ask(tools, 'list', () => tools.store.list(asked));
      const found = page.records.find((record) => recordReference(record.id) === wanted && !isOwn(record));
      if (found !== undefined) return found.id;
      cursor = page.next;
    } while (cursor !== undefined);
  }
  return undefined;
}
