/**
 * Finds the option that a wrong name was probably meant for.
 *
 * @module
 */

/** What the options of this library are called elsewhere. */
const namesElsewhere: Readonly<Record<string, readonly string[]>> = {
  client: ['connection', 'db', 'pool', 'redis', 'redisClient', 'sql', 'url'],
  database: ['db', 'file', 'filename', 'path'],
  leaseMs: ['lockTimeout', 'lockTtl', 'lockTtlMs', 'lock'],
  'key.required': ['enforce', 'enforceIdempotency', 'required', 'requireKey'],
  'response.maxBytes': ['maxBodySize', 'maxSize'],
  prefix: ['keyPrefix', 'namespace'],
  principal: ['getUser', 'getUserId', 'keyGenerator', 'tenant', 'userId'],
  retentionMs: [
    'cacheTtl',
    'expiration',
    'expire',
    'expires',
    'expiresIn',
    'expiry',
    'maxAge',
    'ttl',
    'ttlMs',
    'ttlSeconds',
  ],
  store: ['adapter', 'dataAdapter', 'storage', 'storageAdapter'],
};

/** How many letters have to change to make one text of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** `maxResponseBytes` and `response.maxBytes` are the same words in another order. */
function words(name: string): string {
  return (name.match(/[A-Z]?[a-z]+|[A-Z]+/g) ?? [])
    .map((word) => word.toLowerCase())
    .sort()
    .join('');
}

function last(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function howFar(name: string, path: string): number {
  const ends = distance(last(name).toLowerCase(), last(path).toLowerCase());
  const wholes = distance(name.toLowerCase(), path.toLowerCase());
  // Of two names that are equally near, the one whose groups are nearer too.
  return Math.min(ends, wholes, distance(words(name), words(path))) + wholes / 1_000;
}

/**
 * The option that was probably meant.
 *
 * @param known - names, with those of their groups in front: `timing.leaseMs`.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const isElsewhere = (path: string) =>
    [path, last(path)].some(
      (ours) => Object.hasOwn(namesElsewhere, ours) && namesElsewhere[ours]?.includes(last(name)),
    );
  const elsewhere = known.find(isElsewhere);
  if (elsewhere !== undefined) return elsewhere;
  const ranked = known.map((path) => ({ path, far: howFar(name, path) })).sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best !== undefined && Math.floor(best.far) <= Math.max(2, last(name).length / 3) ? best.path : undefined;
}
