import type { SeededRandom } from '../support/random.ts';

const names = ['Idempotency-Key', 'idempotency-key', 'IDEMPOTENCY-KEY', 'iDeMpOtEnCy-kEy'];
/** Characters that are special to stores and parsers, as far as a bare key may contain them. */
const spices = [':', '*', '{}', '%', "'", '/', '..', '$', '|', '#', '?', '~', '`', '[x]', '=', '&', '<', '@'];

/** A key that no other group has. */
export function makeKey(group: number, random: SeededRandom): string {
  const spice = Array.from({ length: random.integer(0, 4) }, () => random.pick(spices)).join('');
  const key = `k${group}${spice}`;
  return random.chance(0.03) ? key.padEnd(255, 'x') : key;
}

/** A header line with the key in one of its equivalent forms. */
export function goodKeyLine(key: string, random: SeededRandom): string {
  const value = random.chance(0.5) ? key : `"${key}"`;
  return `${random.pick(names)}:${random.pick([' ', '', '\t', '   '])}${value}${random.pick(['', ' '])}`;
}

/** Header lines that must be refused, whatever else the request contains. */
export function badKeyLines(key: string, random: SeededRandom): string {
  const name = random.pick(names);
  const values = [
    '',
    '   ',
    '""',
    `"${key}`,
    `${key}"`,
    `"${key}" x`,
    `"${key}";a=1`,
    `"${key}", "other"`,
    `${key}, other`,
    `"a\\${key}"`,
    `"${key}é"`,
    `${key}\u00ff`,
    `"\u0001${key}"`,
    `${key}\u007f`,
    `${key}\u0000`,
    `(${'"a" '.repeat(50)})`,
    `"${'x'.repeat(256)}"`,
    'y'.repeat(256),
    'z'.repeat(9_000),
    ...[`${key}\r\n${name}: ${key}`, `"${key}"\r\n${name}: other`],
  ];
  return `${name}: ${random.pick(values)}`;
}
