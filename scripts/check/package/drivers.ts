import { capture } from '../../prepare/process.mjs';
import { node22, node24 } from '../../prepare/root.mjs';
import { consumerOf, type Installed } from './install.ts';

/** A URL of each kind and its package; none of these packages is installed here. */
const drivers = {
  'redis://localhost': 'ioredis',
  'postgres://localhost': 'pg',
  'mariadb://localhost': 'mysql2',
  'dynamodb://local/table': '@aws-sdk/client-dynamodb',
};

const reader = `
  import { storeFromUrl } from 'latchkey/store-from-url';
  await storeFromUrl(process.argv[1]).catch(({ code, message }) => console.log(code, message));
`;

/** Checks that the error names a missing driver and how to install it. */
export async function problemsOfDrivers(installed: Installed): Promise<string[]> {
  const cases = Object.entries(drivers).flatMap(([url, driver]) =>
    [node22, node24].map((node) => ({ url, driver, node })),
  );
  const problems = cases.map(async ({ url, driver, node }) => {
    const args = ['--input-type=module', '--eval', reader, url];
    const { output } = await capture(node, args, { cwd: consumerOf(installed) });
    const isFine = output.startsWith('driver-missing ') && output.includes(`npm install ${driver} `);
    return isFine ? [] : [`storeFromUrl without ${driver} on ${node} gives: ${output}`];
  });
  return (await Promise.all(problems)).flat();
}
