/**
 * Converts records to items, and back. An item that this version cannot have written is refused.
 *
 * | attribute | meaning |
 * |---|---|
 * | `pk` | prefix, `r#`, the record's id |
 * | `lk` | the version of this format: 1, or 2 if there is a request |
 * | `rv` | revision, incremented by every write |
 * | `pr` `op` `oi` `po` `cr` | principal, operation, operation id, policy, time of creation |
 * | `fp` `tk` `at` `ph` `ch` | fingerprint, token, attempt, phase, time of the last change |
 * | `ab` `to` | present if abandoned, or taken over |
 * | `le` | the end of the lease, while held |
 * | `ex` | when the record counts as absent |
 * | `ttl` | when DynamoDB may remove it, in seconds: always later than `ex` |
 * | `sn` `sv` `sb` | names of the steps, their values, and the bytes that they take in the item |
 * | `su` | until when parts of steps are kept, in seconds; present if there are any |
 * | `rk` `rs` | kind and value of the result |
 * | `rq` | the request |
 *
 * @module
 */

import { LatchkeyError } from '../../core/errors.ts';
import type { AfterFailure, ClaimRequest, StoredResult } from '../../core/store.ts';
import { type Entry, type EntryRequest, holdsRequest, type Phase } from '../record/entry.ts';
import { type Cell, decodeCell, encodeCell, listIn, number, numberIn, text, textIn, valueIn } from './attributes.ts';
import type { FoundItem, Item } from './client.ts';
import { unreadable } from './errors.ts';

/** Code of version 1 only knows the first; a record has the second while it has a request. */
export const formats = { plain: 1, withRequest: 2 } as const;

/** An item may have 400 KB; the rest is reserved for names and steps. */
const longestRequestBytes = 320 * 1024;

/** DynamoDB removes an item at the earliest this long after the record expired, in seconds, since clocks may differ. */
const removalDelaySeconds = 3_600;

/** A record and its state in DynamoDB. Values in parts are empty in `entry` until they are loaded. */
export interface Head {
  readonly entry: Entry;
  /** 0 if the item does not exist yet. */
  readonly revision: number;
  /** The token in the item. */
  readonly writtenToken: string;
  readonly stepCells: Map<string, Cell>;
  resultCell: Cell | undefined;
  /** In seconds; undefined if no step is in parts. */
  stepsKeptUntil: number | undefined;
}

/** The head of a record that does not exist yet. */
export function newHead(entry: Entry): Head {
  return {
    entry,
    revision: 0,
    writtenToken: entry.token,
    stepCells: new Map(),
    resultCell: undefined,
    stepsKeptUntil: undefined,
  };
}

/** When DynamoDB may remove an item with this expiry, in whole seconds. */
export function removalSeconds(expiresAtMs: number): number {
  return Math.ceil(expiresAtMs / 1_000) + removalDelaySeconds;
}

/** The bytes of a step in the record's item, with its value or with a reference to parts. */
export function stepSize(name: string, cell: Cell | 'in parts'): number {
  const overhead = 200;
  return 3 * name.length + (cell !== 'in parts' && 'bytes' in cell ? cell.bytes.byteLength : overhead);
}

/** The item with the next revision. */
export function encodeRecord(key: string, head: Head): Item {
  const { entry } = head;
  return {
    pk: text(key),
    lk: number(holdsRequest(entry) ? formats.withRequest : formats.plain),
    rv: number(head.revision + 1),
    ...identityOf(entry),
    fp: text(entry.fingerprint),
    tk: text(entry.token),
    at: number(entry.attempt),
    ph: text(entry.phase),
    ch: number(entry.changedAtMs),
    ex: number(entry.expiresAtMs),
    ttl: number(removalSeconds(entry.expiresAtMs)),
    ...(entry.phase === 'held' && { le: number(entry.leaseEndsAtMs) }),
    ...(entry.abandoned && { ab: { BOOL: true } }),
    ...(entry.tookOver && { to: { BOOL: true } }),
    ...(head.stepCells.size > 0 && stepsOf(head)),
    ...(entry.result !== undefined && resultOf(head, entry.result)),
    ...(entry.request instanceof Uint8Array && { rq: { B: entry.request } }),
  };
}

/**
 * The record in an item.
 *
 * @throws LatchkeyError `record-unreadable`.
 */
export function decodeRecord(id: string, item: FoundItem): Head {
  const format = formatIn(item);
  const stepCells = stepCellsIn(item);
  const phase = phaseIn(item);
  const resultCell = phase === 'completed' ? decodeCell(item['rs']) : undefined;
  const token = textIn(item, 'tk');
  return {
    entry: {
      id,
      principal: textIn(item, 'pr'),
      operation: textIn(item, 'op'),
      operationId: textIn(item, 'oi'),
      policy: policyIn(item),
      createdAtMs: numberIn(item, 'cr'),
      fingerprint: textIn(item, 'fp'),
      token,
      attempt: numberIn(item, 'at'),
      phase,
      abandoned: valueIn(item['ab'], 'BOOL') === true,
      tookOver: valueIn(item['to'], 'BOOL') === true,
      leaseEndsAtMs: phase === 'held' ? numberIn(item, 'le') : 0,
      expiresAtMs: numberIn(item, 'ex'),
      changedAtMs: numberIn(item, 'ch'),
      steps: stepCells.size === 0 ? undefined : stepsIn(stepCells),
      result: resultCell && { kind: resultKindIn(item), bytes: bytesIn(resultCell) },
      request: format === formats.plain ? 'none' : requestIn(item),
    },
    revision: numberIn(item, 'rv'),
    writtenToken: token,
    stepCells,
    resultCell,
    stepsKeptUntil: item['su'] === undefined ? undefined : numberIn(item, 'su'),
  };
}

function identityOf({ principal, operation, operationId, policy, createdAtMs }: Entry): Item {
  return {
    pr: text(principal),
    op: text(operation),
    oi: text(operationId),
    po: text(policy),
    cr: number(createdAtMs),
  };
}

function stepsOf({ stepCells, stepsKeptUntil }: Head): Item {
  const cells = [...stepCells];
  return {
    sn: { L: cells.map(([name]) => text(name)) },
    sv: { L: cells.map(([, cell]) => encodeCell(cell)) },
    sb: number(cells.reduce((sum, [name, cell]) => sum + stepSize(name, cell), 0)),
    ...(stepsKeptUntil !== undefined && { su: number(stepsKeptUntil) }),
  };
}

function resultOf({ resultCell }: Head, result: StoredResult): Item {
  return { rk: text(result.kind), rs: encodeCell(resultCell ?? { bytes: result.bytes }) };
}

/**
 * Refuses a request that does not fit into an item.
 *
 * @throws LatchkeyError `value-invalid`.
 */
export function checkRequest({ request }: ClaimRequest): void {
  if (request === undefined || request.byteLength <= longestRequestBytes) return;
  const limit = `A saved request must be at most ${longestRequestBytes} bytes in DynamoDB`;
  throw new LatchkeyError('value-invalid', `${limit}. Nothing was run.`);
}

function formatIn(item: FoundItem): number {
  const format = valueIn(item['lk'], 'N');
  if (format === undefined) throw unreadable("the item under a record's key was not written by Latchkey");
  const found = Object.values(formats).find((one) => String(one) === format);
  if (found === undefined) throw unreadable(`a record has the unknown format ${String(format)}`);
  return found;
}

function stepCellsIn(item: FoundItem): Map<string, Cell> {
  const [names, values] = [listIn(item, 'sn'), listIn(item, 'sv')];
  if (names.length !== values.length)
    throw unreadable('the number of step names differs from the number of step values');
  return new Map(names.map((name, index) => [textIn({ name }, 'name'), decodeCell(values[index])]));
}

function stepsIn(cells: ReadonlyMap<string, Cell>): Map<string, Uint8Array> {
  return new Map([...cells].map(([name, cell]) => [name, bytesIn(cell)]));
}

function bytesIn(cell: Cell): Uint8Array {
  return 'bytes' in cell ? cell.bytes : new Uint8Array();
}

function phaseIn(item: FoundItem): Phase {
  const phase = textIn(item, 'ph');
  if (phase === 'held' || phase === 'open' || phase === 'completed') return phase;
  throw unreadable('a record has an unknown state');
}

function requestIn(item: FoundItem): EntryRequest {
  const request = valueIn(item['rq'], 'B');
  if (request instanceof Uint8Array) return request;
  throw unreadable('the request of a record is missing');
}

function policyIn(item: FoundItem): AfterFailure {
  const policy = textIn(item, 'po');
  if (policy === 'refuse' || policy === 'rerun') return policy;
  throw unreadable('a record has an unknown policy');
}

function resultKindIn(item: FoundItem): StoredResult['kind'] {
  const kind = textIn(item, 'rk');
  if (kind === 'value' || kind === 'tombstone') return kind;
  throw unreadable('a result has an unknown kind');
}
