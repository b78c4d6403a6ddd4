/** The workers of a world: those that live, and those that take the place of the dead. */

import type { Chance } from './chance.ts';
import type { Front, FrontAnswer, Incoming } from './front.ts';
import type { History } from './history.ts';
import type { Scheduler } from './scheduler.ts';
import { Worker } from './worker.ts';

/** A worker and its way in. */
export interface Member {
  readonly host: Worker;
  readonly front: Front;
  /** Takes a request; `reply` is called when the answer is on its way. */
  handle(incoming: Incoming, reply: (answer: FrontAnswer) => void): Promise<void>;
}

/** What a fleet is made from. */
export interface FleetParts {
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly chance: Chance;
  /** Makes a worker's engine and connection. */
  readonly open: (worker: Worker) => Front;
  readonly onDeath: (worker: Worker) => void;
}

/** All workers that ever were. */
export class Fleet {
  readonly members: Member[] = [];
  readonly #parts: FleetParts;

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  start(): Member {
    const { scheduler, history, chance, open, onDeath } = this.#parts;
    const name = `w${this.members.length + 1}`;
    const host = new Worker(name, scheduler, history, chance.stream(name));
    const front = open(host);
    host.onDeath(() => onDeath(host));
    const member: Member = { host, front, handle: (incoming, reply) => this.#handle(member, incoming, reply) };
    this.members.push(member);
    return member;
  }

  get alive(): readonly Member[] {
    return this.members.filter(({ host }) => !host.isDead);
  }

  /** Whom a load balancer picks: it may take a frozen one. */
  any(): Member | undefined {
    const { alive } = this;
    return alive[Math.floor(this.#parts.chance.fraction() * alive.length)];
  }

  async #handle({ host, front }: Member, incoming: Incoming, reply: (answer: FrontAnswer) => void): Promise<void> {
    const { request, scope, payload } = incoming;
    const answer = await front.handle(incoming).catch((): FrontAnswer => ({ kind: 'threw' }));
    this.#parts.history.add({ type: 'answered', request, worker: host.name, scope, payload, ...answer });
    reply(answer);
  }
}
