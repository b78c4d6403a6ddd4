/**
 * Spares work that is done again and again for few inputs.
 *
 * @module
 */

/** The same function, remembering its latest results: `limit` to twice as many. Forgets everything older at once. */
export function remembered(compute: (text: string) => string, limit: number): (text: string) => string {
  let recent = new Map<string, string>();
  let older = new Map<string, string>();
  return (text) => {
    const known = recent.get(text);
    if (known !== undefined) return known;
    const result = older.get(text) ?? compute(text);
    if (recent.size >= limit) {
      older = recent;
      recent = new Map();
    }
    recent.set(text, result);
    return result;
  };
}
