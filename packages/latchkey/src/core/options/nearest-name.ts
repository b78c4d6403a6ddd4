/**
 * Finds the option that a wrong name was probably meant for.
 *
 * @module
 */

/** An option that a table knows. */
export interface KnownName {
  /** With the names of its groups in front: `timing.leaseMs`. */
  readonly path: string;
  /** What other libraries call it, separated by spaces. */
  readonly elsewhere?: string | undefined;
}

/** From here on two names count as alike. */
const alike = 0.6;

function last(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** The letters of a name and each two that follow one another, so that neither case nor the order of words counts for much. */
function traits(name: string): ReadonlySet<string> {
  const letters = [...name.toLowerCase().replaceAll('.', '')];
  return new Set(letters.flatMap((letter, index) => [letter, letter + letters[index + 1]]));
}

/** How much two names have in common: from 0 to 1 (the Dice coefficient). */
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
    // Of two names that are equally near, the one whose groups are nearer too.
    const near = Math.max(likeness(ending, last(path)), whole) + whole / 1_000;
    if (near > most) [most, nearest] = [near, path];
  }
  return nearest;
}
