/**
 * The layer's own headers on an answer of the handler. They replace those of a downstream service that a handler may
 * have forwarded, so that a client or an upstream layer reads the state of this layer.
 *
 * @module
 */

import type { Recorded } from '../../core/operation.ts';
import { KEY_HEADER, REPLAYED_HEADER, STATUS_HEADER, STORED_HEADER } from '../../protocol/headers.ts';
import { formatStatus, OWN_ANSWER } from '../../protocol/status-header.ts';
import type { CapturedResponse, GuardAnswer, Header, Marks, PlainResponse } from '../exchange.ts';
import { notFinalCode } from './classify.ts';

type Answered = Pick<CapturedResponse, 'status' | 'headers' | 'body'>;

const executed: Header = [STATUS_HEADER, OWN_ANSWER.executed];
const replayed: Header = [STATUS_HEADER, OWN_ANSWER.replayed];
const notStored: Header = [STORED_HEADER, 'false'];

const isExecuted: Marks = { headers: [executed], without: [] };
const isUnstored: Marks = { headers: [executed, notStored], without: [] };

/** Headers that contradict ours if a handler forwards them. */
const foreign: ReadonlySet<string> = new Set([REPLAYED_HEADER, STORED_HEADER].map((name) => name.toLowerCase()));
const ours: ReadonlySet<string> = new Set([...foreign, STATUS_HEADER.toLowerCase()]);

function withoutForeign(marks: Marks, headers: readonly Header[]): Marks {
  if (!headers.some(([name]) => foreign.has(name.toLowerCase()))) return marks;
  const own = marks.headers.map(([name]) => name.toLowerCase());
  return { ...marks, without: [...foreign].filter((name) => !own.includes(name)) };
}

/**
 * The status of an answer that is not stored: the other layer's code if the operation is not decided, otherwise that
 * the handler ran.
 */
function statusOf(answer: Answered): Marks {
  const code = answer.status < 400 ? undefined : notFinalCode(answer);
  return code === undefined ? isExecuted : { headers: [[STATUS_HEADER, formatStatus(code, false)]], without: [] };
}

/** Returns the marks of an answer, once the end state of its record is known. */
export function marksOf(answer: Answered, recorded: Recorded): Marks {
  switch (recorded) {
    case 'released':
    case 'lapsed':
    case 'lost':
      return withoutForeign(statusOf(answer), answer.headers);
    case 'unstored':
      return withoutForeign(isUnstored, answer.headers);
    case 'stored':
    case 'tombstone':
      return withoutForeign(isExecuted, answer.headers);
  }
}

/**
 * Returns the marks of a head that is sent before its body has ended and before anything is recorded.
 *
 * @param echoed - the key in its header, in a dialect that sends it back.
 */
export function marksOfHead(status: number, headers: readonly Header[], echoed: readonly Header[]): Marks {
  const marks = withoutForeign(statusOf({ status, headers, body: noBody }), headers);
  return echoed.length === 0 ? marks : { ...marks, headers: [...marks.headers, ...echoed] };
}

const noBody = new Uint8Array();

/** Returns an answer of the layer with these marks. */
export function marked(response: PlainResponse, { headers }: Marks): PlainResponse {
  const kept = response.headers.filter(([name]) => !ours.has(name.toLowerCase()));
  return { ...response, headers: [...kept, ...headers] };
}

/** Returns the answer with the key in its header, for a dialect that sends an accepted key back. */
export function withEcho(answer: GuardAnswer, echoed: readonly Header[]): GuardAnswer {
  if (echoed.length === 0) return answer;
  if (answer.kind === 'send') {
    const { marks } = answer;
    return { ...answer, marks: { ...marks, headers: [...marks.headers, ...echoed] } };
  }
  if (answer.kind !== 'answer') return answer;
  const { response } = answer;
  const others = response.headers.filter(([name]) => name.toLowerCase() !== keyHeader);
  return { ...answer, response: { ...response, headers: [...others, ...echoed] } };
}

const keyHeader = KEY_HEADER.toLowerCase();

/** The marks of a replay. */
export const replayMarks: readonly Header[] = [[REPLAYED_HEADER, 'true'], replayed];
