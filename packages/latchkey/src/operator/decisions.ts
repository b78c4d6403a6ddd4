/**
 * The stages of a decision: proposed and approved, or decided, then carried out. Each stage is recorded in the audit.
 *
 * @module
 */

import type { Audit, Written } from '../core/audit/audit.ts';
import type { AuditEntry, RefusalReason } from '../core/audit/audit-entry.ts';
import { LatchkeyError } from '../core/errors.ts';
import type { StoredRecord } from '../core/store.ts';
import { type Act, actOn, line, refusal } from './acts.ts';
import { carryOut, type DecisionOutcome } from './apply-decision.ts';
import { type Decision, type EncodedDecision, encodeDecision } from './decision.ts';
import type { OperatorSettings } from './options.ts';
import { checkName, checkPerson, isSamePerson, type Person } from './person.ts';
import { keepDecision, keptDecision, openProposals, type Proposal, unfinishedDecisions } from './proposals.ts';
import { isOwn, kindOf } from './record-entry.ts';
import { look } from './tools.ts';

/** A decision that was carried out. */
export interface Applied {
  readonly outcome: 'applied';
  /** The id of the decision's audit entries. */
  readonly decisionId: string;
  /** False if the store failed before the outcome was recorded; the audit then has the decision without an outcome. */
  readonly audited: boolean;
}

/** A decision that needs a second person's approval. */
export interface Proposed extends Proposal {
  readonly outcome: 'proposed';
}

/** Identifies the claim that the person saw. */
export interface Seen {
  readonly id: string;
  readonly token: string;
}

/** The proposed answer is kept longer than its proposal, so that an approval at the last moment finds it. */
const sparedMs = 3_600_000;

/** Makes and carries out decisions. */
export class Decisions {
  readonly #settings: OperatorSettings;
  readonly #audit: Audit;

  constructor(settings: OperatorSettings, audit: Audit) {
    this.#settings = settings;
    this.#audit = audit;
  }

  /** Carries the decision out, or proposes it if approvals are required. */
  async resolve(seen: Seen, decision: Decision, by: Person): Promise<Applied | Proposed> {
    const person = checkPerson(by);
    const record = await this.#find(seen);
    const act = actOn(seen, person, this.#settings.tools.runtime.random.uuid(), record);
    if (record === undefined) return this.#refuse(act, 'resolution-stale');
    const encoded = encodeDecision(decision, kindOf(record), this.#settings);
    if (this.#settings.approvals === 2) return this.#propose(act, record, encoded);
    await this.#audit.write(act.id, () => line(act, 'decided', this.#now(), { decision: encoded.summary }));
    return this.#carryOut(act, record, encoded);
  }

  /** Carries out another person's proposal. */
  async approve(seen: Seen, proposal: string, by: Person): Promise<Applied> {
    const person = checkPerson(by);
    const record = await this.#find(seen);
    const act = actOn(seen, person, checkName('proposal', proposal), record);
    if (record === undefined) return this.#refuse(act, 'resolution-stale');
    const proposed = this.#open(await this.#audit.of(seen.id), act);
    const decision = proposed && (await keptDecision(this.#settings.tools, proposed));
    if (decision === undefined) return this.#refuse(act, 'proposal-missing');
    this.#check(await this.#audit.write(act.id, (earlier) => this.#approval(earlier, act)));
    return this.#carryOut(act, record, decision);
  }

  /** Withdraws a proposal. Anybody may do so until it is approved; after that it may be carried out at any moment. */
  async withdraw(seen: Seen, proposal: string, by: Person): Promise<void> {
    const person = checkPerson(by);
    const record = await this.#find(seen);
    const act = actOn(seen, person, checkName('proposal', proposal), record);
    const written = await this.#audit.write(act.id, (earlier) => {
      const found = this.#open(earlier, act);
      const isApproved = unfinishedDecisions(earlier).some(({ decisionId }) => decisionId === act.decisionId);
      if (found === undefined || isApproved) return line(act, 'refused', this.#now(), { reason: 'proposal-missing' });
      return line(act, 'withdrawn', this.#now(), { decision: found.decision });
    });
    this.#check(written);
  }

  #now(): number {
    return this.#settings.tools.runtime.clock.now();
  }

  /** The record, if its claim is still the one that the person saw. */
  async #find({ id, token }: Seen): Promise<StoredRecord | undefined> {
    const { tools } = this.#settings;
    checkName('token', token);
    checkName('id', id);
    const record = await look(tools, id);
    const isAsSeen = record?.state === 'lapsed' && record.token === token && !isOwn(record);
    return isAsSeen ? record : undefined;
  }

  #open(entries: readonly AuditEntry[], { token, decisionId }: Act): Proposal | undefined {
    return openProposals(entries, token, this.#now()).find(({ proposal }) => proposal === decisionId);
  }

  /** The entry of an approval or its refusal. No entry can come between the check of the proposal and this one. */
  #approval(earlier: readonly AuditEntry[], act: Act): AuditEntry {
    const proposed = this.#open(earlier, act);
    if (proposed === undefined) return line(act, 'refused', this.#now(), { reason: 'proposal-missing' });
    const { decision, who } = proposed;
    if (!isSamePerson(who, act.who)) return line(act, 'decided', this.#now(), { decision });
    return line(act, 'refused', this.#now(), { decision, reason: 'approval-by-proposer' });
  }

  #check({ entry }: Written): void {
    if (entry.reason !== undefined) throw refusal(entry.reason);
  }

  async #refuse(act: Act, reason: RefusalReason): Promise<never> {
    await this.#audit.write(act.id, () => line(act, 'refused', this.#now(), { reason }));
    throw refusal(reason);
  }

  /** Returns an equal proposal that the same person made before, since its answer may have been lost. */
  async #propose(act: Act, record: StoredRecord, decision: EncodedDecision): Promise<Proposed> {
    const { summary } = decision;
    const open = openProposals(await this.#audit.of(act.id), act.token, this.#now());
    const same = open.find(({ who, decision: { digest } }) => isSamePerson(who, act.who) && digest === summary.digest);
    if (same !== undefined) return { outcome: 'proposed', ...same };
    const { approvalWithinMs, tools } = this.#settings;
    await keepDecision(tools, act.decisionId, record, decision, approvalWithinMs + sparedMs);
    const atMs = this.#now();
    const untilMs = atMs + approvalWithinMs;
    await this.#audit.write(act.id, () => line(act, 'proposed', atMs, { decision: summary, untilMs }));
    return {
      outcome: 'proposed',
      proposal: act.decisionId,
      who: act.who,
      why: act.why,
      atMs,
      untilMs,
      decision: summary,
    };
  }

  async #carryOut(act: Act, record: StoredRecord, decision: EncodedDecision): Promise<Applied> {
    const { tools, retentionMs } = this.#settings;
    const outcome = await carryOut(tools, record, decision, retentionMs, () => this.#audit.of(act.id));
    const isAudited = await this.#writeOutcome(act, outcome, decision);
    if (outcome === 'stale') throw refusal('resolution-stale');
    if (outcome === 'unclear') throw unclear();
    return { outcome, decisionId: act.decisionId, audited: isAudited };
  }

  /** A failure to record the outcome must not look like a failure of the decision, which can't be undone. */
  async #writeOutcome(act: Act, outcome: DecisionOutcome, { summary }: EncodedDecision): Promise<boolean> {
    try {
      await this.#audit.write(act.id, () => line(act, outcome, this.#now(), { decision: summary }));
      return true;
    } catch {
      // Each failed call was emitted as an event; `unfinished` lists the decision without its outcome.
      return false;
    }
  }
}

function unclear(): LatchkeyError {
  return new LatchkeyError(
    'resolution-unclear',
    'The record has changed, and the decision may or may not have been carried out before. Look at the record again.',
  );
}
