/** The arguments that make every row visible at a test application. */

const variant = (name: string, change: object) => ['--variant', `${name}=${JSON.stringify(change)}`];
const answer = (name: string) => variant(name, { headers: { 'X-Answer': name } });

export const secret = 'sk_test_4f7d4e2a91';

/** Slow requests take so long, in milliseconds. */
const slowMs = 700;

/** @param counter - the origin of the counter. */
export function argsFor(origin: string, counter = origin): readonly string[] {
  return [...uncountedArgs(origin), '--count-url', `${counter}/count`, '--count-pointer', '/count'];
}

/** Without a counter. */
export function uncountedArgs(origin: string): readonly string[] {
  return [
    `${origin}/charges`,
    ...['--header', `Authorization: Bearer ${secret}`, '--header', 'X-Tenant: one'],
    ...['--body', JSON.stringify({ amount: 2000, items: [1, 2], sentAt: 5 })],
    ...variant('slow', { headers: { 'X-Delay': String(slowMs) } }),
    ...variant('other', { headers: { 'X-Tenant': 'two' } }),
    ...variant('elsewhere', { path: '/refunds' }),
    ...variant('read', { path: '/charges' }),
    ...['declined', 'broken', 'busy', 'binary', 'empty', 'large', 'streamed', 'cut'].flatMap(answer),
    ...['--ignore', '/sentAt', '--meaningful-header', 'If-Match', '--max-body', '2000', '--retention', '1h'],
    ...['--origin', 'https://shop.example'],
  ];
}
