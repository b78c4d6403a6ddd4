/**
 * The canonical form of a JSON text (RFC 8785). It is built in one pass over the text, to detect what a parser would
 * lose: duplicate names, and digits beyond the precision of a double.
 *
 * @module
 */

import { decimalValue } from './decimal-value.ts';
import type { PointerTree } from './json-pointer.ts';

const notJson = new SyntaxError('not a JSON text');

/** Deeper texts are not canonicalised: recursion needs a limit, and parsers have limits too. */
const MAX_DEPTH = 200;

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** Normal doubles begin at 2.23e-308; smaller ones have fewer digits. */
const leastNormal = 1e-307;

/**
 * In the range of normal doubles, an IEEE 754 double distinguishes any two decimals of at most this many significant
 * digits (DBL_DIG in C). JavaScript writes a double as the shortest decimal that parses to the same double (ECMA-262
 * Number::toString). For a numeral of at most 15 digits, that decimal also has at most 15 digits, so it is the same
 * decimal.
 */
const SURE_DIGITS = 15;

/** With a whole part of zero and this many zeros after the point, JavaScript writes a number with an exponent. */
const tiny = '0.000000';

interface Member {
  readonly name: string;
  /** The canonical name and value. */
  readonly entry: string;
}

/** The canonical form of the value that was read last, or a flag that its text is already canonical. */
type Canonical = string | undefined;
const asItStands = undefined;

/** Sorts in place. For the few members of most objects, Array.sort allocates more than the canonical form itself. */
function sortByName(members: Member[]): void {
  if (members.length > 16) {
    members.sort((a, b) => (a.name < b.name ? -1 : 1));
    return;
  }
  for (let end = 1; end < members.length; end += 1) {
    const member = members[end] as Member;
    let at = end;
    for (; at > 0 && (members[at - 1] as Member).name > member.name; at -= 1) members[at] = members[at - 1] as Member;
    members[at] = member;
  }
}

class Canonicaliser {
  readonly #text: string;
  #position = 0;
  /** How often a value was read whose text is not canonical, white space included. */
  #changes = 0;
  /** True if two texts that differ in value would have the same canonical form. */
  lossy = false;

  constructor(text: string) {
    this.#text = text;
  }

  whole(leftOut: PointerTree | undefined): string {
    this.#peek();
    const start = this.#position;
    const canonical = this.#value(leftOut, 0) ?? this.#text.slice(start, this.#position);
    if (!Number.isNaN(this.#peek())) throw notJson;
    return canonical;
  }

  /** The next character that is not white space; NaN at the end. */
  #peek(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.#position += 1;
      this.#changes += 1;
    }
  }

  #changed(canonical: string): string {
    this.#changes += 1;
    return canonical;
  }

  #value(leftOut: PointerTree | undefined, depth: number): Canonical {
    const code = this.#peek();
    if (code === 0x22) return this.#string();
    if (code === 0x7b) return this.#object(leftOut, depth + 1);
    if (code === 0x5b) return this.#array(leftOut, depth + 1);
    return code === 0x2d || isDigit(code) ? this.#number() : this.#word();
  }

  #word(): Canonical {
    for (const word of ['true', 'false', 'null']) {
      if (!this.#text.startsWith(word, this.#position)) continue;
      this.#position += word.length;
      return asItStands;
    }
    throw notJson;
  }

  #string(): Canonical {
    const start = this.#position;
    let escaped = false;
    for (let at = start + 1; ; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) {
        this.#position = at + 1;
        return escaped ? this.#changed(this.#unescaped(this.#text.slice(start, at + 1))) : asItStands;
      }
      // A comparison with NaN is false, so the end of the text fails here too.
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

  #number(): Canonical {
    const text = this.#text;
    const start = this.#position;
    const whole = text.charCodeAt(start) === 0x2d ? start + 1 : start;
    const point = this.#pastDigits(whole);
    const end = text.charCodeAt(point) === 0x2e ? this.#pastDigits(point + 1) : point;
    const digits = end - whole - (end > point ? 1 : 0);
    if (digits > SURE_DIGITS || !this.#isPlain(whole, point, end)) return this.#numeral(digits);
    this.#position = end;
    let last = end;
    if (point < end) while (text.charCodeAt(last - 1) === 0x30) last -= 1;
    if (last - 1 === point) last = point;
    const isNegativeZero = whole > start && last === whole + 1 && text.charCodeAt(whole) === 0x30;
    if (isNegativeZero) return this.#changed('0');
    return last === end ? asItStands : this.#changed(text.slice(start, last));
  }

  #pastDigits(start: number): number {
    let at = start;
    while (isDigit(this.#text.charCodeAt(at))) at += 1;
    return at;
  }

  /** Whether a numeral of few digits is valid, and canonical except for trailing zeros and the sign of zero. */
  #isPlain(whole: number, point: number, end: number): boolean {
    const text = this.#text;
    if (point === whole || end === point + 1 || text[end] === 'e' || text[end] === 'E') return false;
    if (text.charCodeAt(whole) !== 0x30) return true;
    return point === whole + 1 && !text.startsWith(tiny, whole);
  }

  /** Reads any other numeral; `digits` is the number of digits before its exponent. */
  #numeral(digits: number): Canonical {
    numberPattern.lastIndex = this.#position;
    if (!numberPattern.test(this.#text)) throw notJson;
    const numeral = this.#text.slice(this.#position, numberPattern.lastIndex);
    this.#position = numberPattern.lastIndex;
    const value = Number(numeral);
    const canonical = String(value);
    if (canonical === numeral) return asItStands;
    if (!this.lossy && !(digits <= SURE_DIGITS && Math.abs(value) > leastNormal && Number.isFinite(value))) {
      this.lossy = decimalValue(canonical) !== decimalValue(numeral);
    }
    return this.#changed(canonical);
  }

  #array(leftOut: PointerTree | undefined, depth: number): Canonical {
    const changes = this.#changes;
    const start = this.#position;
    this.#enter(depth);
    if (this.#peek() === 0x5d) return this.#close(changes, '[]');
    /** The elements so far, once their text is no longer canonical. */
    let canonical: string | undefined;
    let end = start + 1;
    let index = 0;
    do {
      const leaf = leftOut?.get(String(index));
      this.#peek();
      const elementStart = this.#position;
      const element = leaf === true ? this.#leaveOut(depth) : this.#value(leaf, depth);
      if (changes !== this.#changes) {
        canonical ??= this.#text.slice(start, end);
        if (index > 0) canonical += ',';
        canonical += element ?? this.#text.slice(elementStart, this.#position);
      }
      end = this.#position;
      index += 1;
    } while (this.#more(0x5d));
    return changes === this.#changes ? asItStands : `${canonical ?? this.#text.slice(start, end)}]`;
  }

  #object(leftOut: PointerTree | undefined, depth: number): Canonical {
    const changes = this.#changes;
    this.#enter(depth);
    if (this.#peek() === 0x7d) return this.#close(changes, '{}');
    const members: Member[] = [];
    let sorted = true;
    do {
      const member = this.#member(leftOut, depth);
      if (member === undefined) continue;
      const last = members.at(-1);
      if (last !== undefined && last.name >= member.name) sorted = false;
      members.push(member);
    } while (this.#more(0x7d));
    return sorted && changes === this.#changes ? asItStands : this.#changed(this.#joined(members, sorted));
  }

  #member(leftOut: PointerTree | undefined, depth: number): Member | undefined {
    if (this.#peek() !== 0x22) throw notJson;
    const start = this.#position;
    const changes = this.#changes;
    const quoted = this.#string();
    const name = quoted === asItStands ? this.#text.slice(start + 1, this.#position - 1) : String(JSON.parse(quoted));
    if (this.#peek() !== 0x3a) throw notJson;
    this.#position += 1;
    this.#peek();
    const leaf = leftOut?.get(name);
    if (leaf === true) return void this.#leaveOut(depth);
    const valueStart = this.#position;
    const value = this.#value(leaf, depth);
    if (changes === this.#changes) return { name, entry: this.#text.slice(start, this.#position) };
    const valueText = value ?? this.#text.slice(valueStart, this.#position);
    return { name, entry: `${quoted ?? `"${name}"`}:${valueText}` };
  }

  /** Lost details of a left-out member don't matter. */
  #leaveOut(depth: number): string {
    const before = this.lossy;
    this.#value(undefined, depth);
    this.lossy = before;
    return this.#changed('');
  }

  #joined(members: Member[], sorted: boolean): string {
    if (!sorted) sortByName(members);
    let canonical = '{';
    let before: string | undefined;
    for (const { name, entry } of members) {
      if (name === before) this.lossy = true;
      canonical += before === undefined ? entry : `,${entry}`;
      before = name;
    }
    return `${canonical}}`;
  }

  #enter(depth: number): void {
    if (depth > MAX_DEPTH) throw notJson;
    this.#position += 1;
  }

  #close(changes: number, canonical: string): Canonical {
    this.#position += 1;
    return changes === this.#changes ? asItStands : canonical;
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
 * Returns the RFC 8785 form of a JSON text. Returns undefined if the text is not JSON, is nested deeper than 200, or
 * has details that the canonical form would lose: duplicate names, a number that a double can't represent exactly, or a
 * lone surrogate.
 *
 * @param leftOut - members to leave out. A left-out array element leaves an empty place.
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
