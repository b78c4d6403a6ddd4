/** The workers of a world, including replacements of dead ones. */

import type { Chance } from './chance.ts';
import type { Front, FrontAnswer, Incoming } from './front.ts';
import type { History } from './history.ts';
import type { Scheduler } from './scheduler.ts';
import { Worker } from './worker.ts';

/** A worker and its front. */
export interface Member {
  readonly host: Worker;
  readonly front: Front;
  /** Handles a request; `reply` is called with the answer. */
  handle(incoming: Incoming, reply: (answer: FrontAnswer) => void): Promise<void>;
}

/** The parameters of a fleet. */
export interface FleetParts {
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly chance: Chance;
  /** Creates a worker's engine and connection. */
  readonly open: (worker: Worker) => Front;
  readonly onDeath: (worker: Worker) => void;
}

/** All workers, including dead ones. */
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

  /** Picks a worker like a load balancer, possibly a frozen one. */
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
