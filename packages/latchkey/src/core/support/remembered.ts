/**
 * Spares work that is done again and again for few inputs.
 *
 * @module
 */

import { RecentMap } from './recent-map.ts';

/** The same function, remembering its latest results: `limit` to twice as many. */
export function remembered(compute: (text: string) => string, limit: number): (text: string) => string {
  const results = new RecentMap<string>(limit);
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    results.set(text, result);
    return result;
  };
}
