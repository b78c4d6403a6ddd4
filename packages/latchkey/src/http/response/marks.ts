/**
 * The layer's own headers on an answer that the handler made. Those of a service behind, which a handler may have passed
 * on, are not the answer's: ours stand in their place, and a client or a layer in front reads what is so here.
 *
 * @module
 */

import type { Recorded } from '../../core/operation.ts';
import { REPLAYED_HEADER, STATUS_HEADER, STORED_HEADER } from '../../protocol/headers.ts';
import { formatStatus, OWN_ANSWER } from '../../protocol/status-header.ts';
import type { CapturedResponse, Field, Marks, PlainResponse } from '../exchange.ts';
import { notFinalCode } from './not-final.ts';

type Answered = Pick<CapturedResponse, 'status' | 'fields' | 'body'>;

const executed: Field = [STATUS_HEADER, OWN_ANSWER.executed];
const replayed: Field = [STATUS_HEADER, OWN_ANSWER.replayed];
const notStored: Field = [STORED_HEADER, 'false'];

const isExecuted: Marks = { fields: [executed], without: [] };
const isUnstored: Marks = { fields: [executed, notStored], without: [] };

/** Headers that say something else than ours where a handler passed them on. */
const foreign: ReadonlySet<string> = new Set([REPLAYED_HEADER, STORED_HEADER].map((name) => name.toLowerCase()));
const ours: ReadonlySet<string> = new Set([...foreign, STATUS_HEADER.toLowerCase()]);

function isForeign([name]: Field): boolean {
  return foreign.has(name.toLowerCase());
}

function withoutForeign(marks: Marks, fields: readonly Field[]): Marks {
  if (!fields.some(isForeign)) return marks;
  const without = [...foreign].filter((name) => !marks.fields.some(([given]) => given.toLowerCase() === name));
  return { ...marks, without };
}

/** The status of an answer that is not stored: what another layer said, if it decides nothing, or else that it ran. */
function statusOf(answer: Answered): Marks {
  const code = answer.status < 400 ? undefined : notFinalCode(answer);
  return code === undefined ? isExecuted : { fields: [[STATUS_HEADER, formatStatus(code, false)]], without: [] };
}

/** The marks of an answer, once it is known what became of its record. */
export function marksOf(answer: Answered, recorded: Recorded): Marks {
  switch (recorded) {
    case 'released':
    case 'lapsed':
    case 'lost':
      return withoutForeign(statusOf(answer), answer.fields);
    case 'unstored':
      return withoutForeign(isUnstored, answer.fields);
    case 'stored':
    case 'tombstone':
      return withoutForeign(isExecuted, answer.fields);
  }
}

/** The marks of a head that goes out before its body has ended, and before anything is recorded. */
export function marksOfHead(status: number, fields: readonly Field[]): Marks {
  return withoutForeign(statusOf({ status, fields, body: noBody }), fields);
}

const noBody = new Uint8Array();

/** An answer of the layer's making that carries these marks. */
export function marked(response: PlainResponse, { fields }: Marks): PlainResponse {
  const kept = response.fields.filter(([name]) => !ours.has(name.toLowerCase()));
  return { ...response, fields: [...kept, ...fields] };
}

/** What a replay carries. */
export const replayMarks: readonly Field[] = [[REPLAYED_HEADER, 'true'], replayed];
