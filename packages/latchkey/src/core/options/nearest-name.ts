/**
 * Finds the option that was probably meant by an unknown name.
 *
 * @module
 */

/** An option of a table. */
export interface KnownName {
  /** With the names of its groups in front: `timing.leaseMs`. */
  readonly path: string;
  /** The option's names in other libraries, separated by spaces. */
  readonly elsewhere?: string | undefined;
}

/** Two names of at least this likeness count as similar. */
const alike = 0.6;

function last(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** The letters of a name and its pairs of neighbours, so that case and the order of words matter little. */
function traits(name: string): ReadonlySet<string> {
  const letters = [...name.toLowerCase().replaceAll('.', '')];
  return new Set(letters.flatMap((letter, index) => [letter, letter + (letters[index + 1] ?? '')]));
}

/** The similarity of two names, from 0 to 1 (Dice coefficient). */
function likeness(a: string, b: string): number {
  const [left, right] = [traits(a), traits(b)];
  const common = [...left].filter((trait) => right.has(trait));
  return (2 * common.length) / (left.size + right.size);
}

/** The option that was probably meant. */
export function nearestName(name: string, known: readonly KnownName[]): string | undefined {
  const ending = last(name);
  let nearest: string | undefined;
  let most = alike;
  for (const { path, elsewhere } of known) {
    if (elsewhere?.split(' ').includes(ending)) return path;
    const whole = likeness(name, path);
    // Of two equally near names, prefer the one whose groups are nearer.
    const near = Math.max(likeness(ending, last(path)), whole) + whole / 1_000;
    if (near > most) [most, nearest] = [near, path];
  }
  return nearest;
}
