import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Linked, LinkedList } from '../../src/core/support/linked-list.ts';
import { holds } from '../http/seeded.ts';

class Entry extends Linked {}
class Entries extends LinkedList<Entry> {}

describe('a linked list', () => {
  it('has the entries of a set in the same order, after any calls', () => {
    const calls = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 5 })), { maxLength: 40 });
    holds(
      fc.property(calls, (steps) => {
        const pool = Array.from({ length: 6 }, () => new Entry());
        const list = new Entries();
        const model = new Set<Entry>();
        for (const [isAdded, index] of steps) {
          const entry = pool[index] as Entry;
          if (!isAdded) expect(list.delete(entry)).toBe(model.delete(entry));
          else if (!model.has(entry)) {
            list.add(entry);
            model.add(entry);
          }
          expect(list.all().map((one) => pool.indexOf(one))).toEqual([...model].map((one) => pool.indexOf(one)));
        }
      }),
    );
  });

  it('clears the neighbours of a removed entry, which another list can then have', () => {
    const [first, second] = [new Entries(), new Entries()];
    const [one, two] = [new Entry(), new Entry()];
    for (const entry of [one, two]) first.add(entry);
    expect(first.delete(one)).toBe(true);
    expect([one.previous, one.next]).toEqual([undefined, undefined]);
    second.add(one);
    expect([first.all(), second.all()]).toEqual([[two], [one]]);
  });

  it('lists the entries of its time, whatever is removed during the walk', () => {
    const list = new Entries();
    const entries = [new Entry(), new Entry(), new Entry()];
    for (const entry of entries) list.add(entry);
    let seen = 0;
    for (const entry of list.all()) {
      seen += 1;
      for (const other of entries) if (other !== entry) list.delete(other);
    }
    expect([seen, list.all().length]).toEqual([3, 0]);
  });
});
