/** A history, grouped for the rules: operations, their claims and writes, executions and answers. */

import type {
  Answered,
  Applied,
  Audited,
  Began,
  Charged,
  Received,
  Recovered,
  Row,
  Sent,
  Stepped,
  Stopped,
  Timed,
} from '../world/history.ts';
import type { Plan } from '../world/plan.ts';

/** An event with its index in the history. */
export type At<Event> = Event & { readonly index: number; readonly atMs: number };

/** One run of a handler. */
export interface Execution {
  readonly began: At<Began>;
  /** Its claim. */
  readonly claim: At<Applied> | undefined;
  readonly ended: At<Stopped> | undefined;
  readonly aborted: At<Stopped> | undefined;
}

/** One operation, by its operation id. */
export interface OperationFacts {
  readonly id: string;
  readonly scope: string | undefined;
  /** Claims that took the record, in order, including repetitions. */
  readonly claims: readonly At<Applied>[];
  /** All other applied calls with its tokens, in order. */
  readonly writes: readonly At<Applied>[];
  readonly executions: readonly Execution[];
  readonly charges: readonly At<Charged>[];
  readonly rows: readonly At<Row>[];
  readonly ran: readonly At<Stepped>[];
  readonly returned: readonly At<Stepped>[];
  readonly recoveries: readonly At<Recovered>[];
  /** The first claim. */
  readonly policy: string | undefined;
  /** The first call that stored an answer. */
  readonly stored: At<Applied> | undefined;
}

/** The facts for the rules. */
export interface Facts {
  readonly plan: Plan;
  readonly events: readonly Timed[];
  readonly operations: readonly OperationFacts[];
  readonly executions: readonly Execution[];
  readonly answers: readonly At<Answered>[];
  readonly audited: readonly At<Audited>[];
  readonly received: readonly At<Received>[];
  readonly sent: ReadonlyMap<number, At<Sent>>;
}

/** Finds the operation of a call. */
export const ownerKey = ({ record, token }: Pick<Applied, 'record' | 'token'>) => `${record} ${token}`;

export const isClaimed = ({ method, outcome }: Applied) => method === 'claim' && outcome === 'claimed';

const finals = new Set(['complete', 'commit-result', 'resolve']);
const refusals = new Set(['false', 'lost']);

/** Whether a call removes the record. */
export const isRemoval = ({ method, name }: Applied) =>
  method === 'erase' || (method === 'resolve' && name === 'forget');

/** Whether the store accepted the call. */
export const isAccepted = ({ outcome }: Applied) => !refusals.has(outcome);

export const storesAnswer = (write: Applied) =>
  finals.has(write.method) && isAccepted(write) && (write.method !== 'resolve' || write.name === 'respond');

/** The time at which completers and dispatchers stop, before the clients' last requests. */
export function endOfHelpers({ events }: Pick<Facts, 'events'>): number {
  return events.find((event) => event.type === 'outage' && event.who === 'helpers')?.atMs ?? 0;
}

/** Groups a history. */
export function factsOf(plan: Plan, events: readonly Timed[]): Facts {
  const of = <Type extends Timed['type']>(...types: readonly Type[]) =>
    events.flatMap((event, index) => {
      const isWanted = types.some((type) => type === event.type);
      return isWanted ? [{ ...event, index } as At<Extract<Timed, { type: Type }>>] : [];
    });
  const applied = of('applied');
  const calls = callsByOperation(applied);
  const executions = executionsOf(of('began'), of('ended', 'aborted'), applied);
  const parts = {
    ...{ executions, calls },
    ...{ charges: of('charged'), rows: of('row'), ran: of('ran'), returned: of('returned') },
    recoveries: of('recovered'),
  };
  const ids = new Set([...calls.keys(), ...executions.map(({ began }) => began.operationId)]);
  const sent = new Map(of('sent').map((event) => [event.request, event]));
  const operations = [...ids].map((id) => operationOf(id, parts));
  return {
    plan,
    events,
    executions,
    sent,
    answers: of('answered'),
    audited: of('audited'),
    received: of('received'),
    operations,
  };
}

interface Parts {
  readonly executions: readonly Execution[];
  readonly calls: ReadonlyMap<string, readonly At<Applied>[]>;
  readonly charges: readonly At<Charged>[];
  readonly rows: readonly At<Row>[];
  readonly ran: readonly At<Stepped>[];
  readonly returned: readonly At<Stepped>[];
  readonly recoveries: readonly At<Recovered>[];
}

/** A call belongs to the last operation that its token claimed, since the token may claim a forgotten record again. */
function callsByOperation(applied: readonly At<Applied>[]): Map<string, At<Applied>[]> {
  const owners = new Map<string, string>();
  const owned = applied.map((call) => {
    if (isClaimed(call)) owners.set(ownerKey(call), call.operationId ?? '');
    return { call, id: owners.get(ownerKey(call)) ?? '' };
  });
  const groups = Map.groupBy(owned, ({ id }) => id);
  groups.delete('');
  return new Map([...groups].map(([id, group]) => [id, group.map(({ call }) => call)]));
}

function executionsOf(
  began: readonly At<Began>[],
  stops: readonly At<Stopped>[],
  applied: readonly At<Applied>[],
): Execution[] {
  const claims = applied.filter(isClaimed);
  return began.map((begin) => {
    const own = stops.filter(({ execution }) => execution === begin.execution);
    return {
      began: begin,
      claim: claims.find((claim) => claim.token === begin.token && claim.operationId === begin.operationId),
      ended: own.find(({ type }) => type === 'ended'),
      aborted: own.find(({ type }) => type === 'aborted'),
    };
  });
}

function operationOf(id: string, parts: Parts): OperationFacts {
  const isOwn = ({ operationId }: { readonly operationId: string }) => operationId === id;
  const calls = parts.calls.get(id) ?? [];
  const claims = calls.filter(isClaimed);
  const writes = calls.filter(({ method }) => method !== 'claim');
  const executions = parts.executions.filter(({ began }) => isOwn(began));
  return {
    id,
    scope: executions[0]?.began.scope,
    ...{ claims, writes, executions },
    charges: parts.charges.filter(isOwn),
    rows: parts.rows.filter(isOwn),
    ran: parts.ran.filter(isOwn),
    returned: parts.returned.filter(isOwn),
    recoveries: parts.recoveries.filter(isOwn),
    policy: claims[0]?.policy,
    stored: writes.find(storesAnswer),
  };
}
