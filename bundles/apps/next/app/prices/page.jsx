// The same, until the tag of its data is revalidated.

import { unstable_cache } from 'next/cache';

const price = unstable_cache(async () => crypto.randomUUID(), ['price'], { tags: ['prices'], revalidate: 3600 });

export default async function Page() {
  return <p>Price {await price()}</p>;
}
