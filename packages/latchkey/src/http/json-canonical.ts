/**
 * The canonical form of a JSON text (RFC 8785), made in one pass over the text, so that what a parser would lose
 * (duplicate names, digits beyond a double) is seen.
 *
 * @module
 */

import type { PointerTree } from './json-pointer.ts';

const notJson = new SyntaxError('not a JSON text');

/** Deeper texts are not canonicalised: recursion has to end somewhere, and parsers have limits too. */
const MAX_DEPTH = 200;

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** What goes on with a number after its whole digits: a point or an exponent. */
const goesOn: ReadonlySet<number> = new Set([0x2e, 0x45, 0x65]);

interface Member {
  readonly name: string;
  /** The name, canonical. */
  readonly quoted: string;
  /** The value, canonical. */
  readonly value: string;
}

const byName = (a: Member, b: Member) => (a.name < b.name ? -1 : 1);

/** Up to here, sorting in place is cheaper than `sort`, which copies. */
const MAX_INSERTED = 16;

function sortByName(members: Member[]): void {
  if (members.length > MAX_INSERTED) members.sort(byName);
  else for (let count = 1; count < members.length; count += 1) insertLast(members, count);
}

/** Moves a member to its place among the `count` sorted ones before it. */
function insertLast(members: Member[], count: number): void {
  const member = members[count] as Member;
  let place = count;
  for (
    let before = members[place - 1];
    before !== undefined && before.name > member.name;
    before = members[place - 1]
  ) {
    members[place] = before;
    place -= 1;
  }
  members[place] = member;
}

/** A decimal numeral as its digits without zeros at either end, and the power of ten behind them. */
function decimalValue(numeral: string): string {
  const [mantissa = '', exponent = '0'] = numeral.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return '0';
  let end = digits.length;
  // A pattern such as /0+$/ takes time by the square of the digits.
  while (digits[end - 1] === '0') end -= 1;
  const significant = digits.slice(0, end);
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${numeral.startsWith('-') ? '-' : ''}${significant}e${power}`;
}

class Canonicaliser {
  readonly #text: string;
  #position = 0;
  /** Set where two texts that differ in value would get one canonical form. */
  lossy = false;

  constructor(text: string) {
    this.#text = text;
  }

  whole(leftOut: PointerTree | undefined): string {
    const canonical = this.#value(leftOut, 0);
    if (!Number.isNaN(this.#peek())) throw notJson;
    return canonical;
  }

  /** The next character that is no white space; NaN at the end. */
  #peek(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.#position += 1;
    }
  }

  #value(leftOut: PointerTree | undefined, depth: number): string {
    const code = this.#peek();
    if (code === 0x22) return this.#string();
    if (code === 0x7b) return this.#object(leftOut, depth + 1);
    if (code === 0x5b) return this.#array(leftOut, depth + 1);
    return code === 0x2d || isDigit(code) ? this.#number() : this.#word();
  }

  #word(): string {
    for (const word of ['true', 'false', 'null']) {
      if (!this.#text.startsWith(word, this.#position)) continue;
      this.#position += word.length;
      return word;
    }
    throw notJson;
  }

  /** Without escapes a string is canonical as it stands. */
  #string(): string {
    const start = this.#position;
    let escaped = false;
    for (let at = start + 1; ; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) {
        this.#position = at + 1;
        const raw = this.#text.slice(start, at + 1);
        return escaped ? this.#unescaped(raw) : raw;
      }
      // A comparison with NaN is false, so that the end of the text fails here too.
      if (!(code >= 0x20)) throw notJson;
      if (code === 0x5c) {
        escaped = true;
        at += 1;
      }
    }
  }

  #unescaped(raw: string): string {
    const value: unknown = JSON.parse(raw);
    if (typeof value !== 'string') throw notJson;
    if (!value.isWellFormed()) this.lossy = true;
    return JSON.stringify(value);
  }

  #number(): string {
    const start = this.#position;
    let at = start;
    while (isDigit(this.#text.charCodeAt(at))) at += 1;
    const plain = at - start < 16 && at > start && !goesOn.has(this.#text.charCodeAt(at));
    if (!plain || (this.#text.charCodeAt(start) === 0x30 && at - start > 1)) return this.#numeral();
    this.#position = at;
    return this.#text.slice(start, at);
  }

  #numeral(): string {
    numberPattern.lastIndex = this.#position;
    const numeral = numberPattern.exec(this.#text)?.[0];
    if (numeral === undefined) throw notJson;
    this.#position += numeral.length;
    const canonical = String(Number(numeral));
    if (decimalValue(canonical) !== decimalValue(numeral)) this.lossy = true;
    return canonical;
  }

  #array(leftOut: PointerTree | undefined, depth: number): string {
    this.#enter(depth);
    if (this.#peek() === 0x5d) return this.#close('[]');
    let canonical = '[';
    for (let index = 0; ; index += 1) {
      canonical += index === 0 ? '' : ',';
      canonical += this.#item(leftOut?.get(String(index)), depth) ?? '';
      if (!this.#more(0x5d)) return `${canonical}]`;
    }
  }

  #object(leftOut: PointerTree | undefined, depth: number): string {
    this.#enter(depth);
    if (this.#peek() === 0x7d) return this.#close('{}');
    const members: Member[] = [];
    let sorted = true;
    do {
      const member = this.#member(leftOut, depth);
      if (member === undefined) continue;
      const last = members.at(-1);
      if (last !== undefined && last.name >= member.name) sorted = false;
      members.push(member);
    } while (this.#more(0x7d));
    return this.#joined(members, sorted);
  }

  #member(leftOut: PointerTree | undefined, depth: number): Member | undefined {
    if (this.#peek() !== 0x22) throw notJson;
    const quoted = this.#string();
    const name = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
    if (this.#peek() !== 0x3a) throw notJson;
    this.#position += 1;
    const value = this.#item(leftOut?.get(name), depth);
    return value === undefined ? undefined : { name, quoted, value };
  }

  /** A member or element; undefined if it is left out, and then what it loses doesn't matter. */
  #item(leftOut: PointerTree | true | undefined, depth: number): string | undefined {
    if (leftOut !== true) return this.#value(leftOut, depth);
    const before = this.lossy;
    this.#value(undefined, depth);
    this.lossy = before;
    return undefined;
  }

  #joined(members: Member[], sorted: boolean): string {
    if (!sorted) sortByName(members);
    let canonical = '{';
    let before: string | undefined;
    for (const { name, quoted, value } of members) {
      if (name === before) this.lossy = true;
      canonical += before === undefined ? quoted : `,${quoted}`;
      canonical += `:${value}`;
      before = name;
    }
    return `${canonical}}`;
  }

  #enter(depth: number): void {
    if (depth > MAX_DEPTH) throw notJson;
    this.#position += 1;
  }

  #close(canonical: string): string {
    this.#position += 1;
    return canonical;
  }

  /** Steps over a comma (true) or the closing bracket (false). */
  #more(closing: number): boolean {
    const code = this.#peek();
    if (code !== 0x2c && code !== closing) throw notJson;
    this.#position += 1;
    return code === 0x2c;
  }
}

/**
 * The RFC 8785 form of a JSON text; undefined if the text is no JSON, is nested deeper than 200, or has a value of
 * its own that the canonical form would lose: duplicate names, a number whose decimal value a double can't give
 * back, a lone surrogate.
 *
 * @param leftOut - members to leave out. A left-out array element leaves its place empty.
 * @example
 * ```ts
 * canonicalJson('{"b": 1.0, "a": "\\u00e9"}') // '{"a":"é","b":1}'
 * ```
 */
export function canonicalJson(text: string, leftOut?: PointerTree): string | undefined {
  const canonicaliser = new Canonicaliser(text);
  try {
    const canonical = canonicaliser.whole(leftOut);
    return canonicaliser.lossy ? undefined : canonical;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
