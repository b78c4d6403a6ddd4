import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { lambdaTable } from '../../src/adapters/lambda-parts/options.ts';
import { mutationTable } from '../../src/adapters/nest-parts/options.ts';
import { actionTable } from '../../src/adapters/next-parts/action-options.ts';
import { clientTable, stepTable } from '../../src/client/options.ts';
import { operationsTable } from '../../src/completer/http-operations.ts';
import { completerTable } from '../../src/completer/options.ts';
import { functionTable } from '../../src/function/options.ts';
import { edgeTable, guardTable } from '../../src/http/option-tables.ts';
import { operatorTable } from '../../src/operator/options.ts';
import { telemetryTable } from '../../src/otel/options.ts';
import { dispatcherTable } from '../../src/outbox/options.ts';
import { dynamodbTable } from '../../src/stores/dynamodb/options.ts';
import { encryptionTable } from '../../src/stores/encrypted/options.ts';
import { mariadbTable } from '../../src/stores/mariadb/options.ts';
import { memoryTable } from '../../src/stores/memory/options.ts';
import { postgresTable } from '../../src/stores/postgres/options.ts';
import { redisTable } from '../../src/stores/redis/options.ts';
import { sqliteTable } from '../../src/stores/sqlite/options.ts';
import { storeFromUrlTable } from '../../src/stores/store-from-url/opened.ts';
import { requestTable } from '../../src/testing/expect-once/request.ts';
import { expectOnceTable } from '../../src/testing/expect-once.ts';

interface Entry {
  readonly demand?: string;
  readonly default?: unknown;
  readonly isRequired?: boolean;
  readonly members?: Table;
}

type Table = Readonly<Record<string, Entry>>;

/** The files in which the docstrings are, with the interface of each table. */
const sections: readonly [title: string, table: object, interfaces: readonly string[]][] = [
  ['`idempotency`: guard and route', guardTable, ['http/options.ts GuardOptions RouteOptions']],
  [
    '`idempotency` of `latchkey/fetch`, `latchkey/hono` and `latchkey/next`, in addition',
    edgeTable,
    ['adapters/fetch.ts FetchGuardOptions'],
  ],
  ['`idempotency` of `latchkey/lambda`, in addition', lambdaTable, ['adapters/lambda.ts LambdaGuardOptions']],
  [
    '`@Idempotent()` of `latchkey/nest`, in addition',
    mutationTable,
    ['adapters/nest-parts/options.ts MutationOptions'],
  ],
  ['`idempotent`', functionTable, ['function/options.ts IdempotentOptions']],
  [
    '`idempotentAction` of `latchkey/next`',
    actionTable,
    ['adapters/next-parts/action-options.ts ActionOptions', 'function/options.ts IdempotentOptions'],
  ],
  ['`memoryStore`', memoryTable, ['stores/memory/options.ts MemoryStoreOptions']],
  ['`sqliteStore`', sqliteTable, ['stores/sqlite/options.ts SqliteStoreOptions']],
  ['`redisStore`', redisTable, ['stores/redis/options.ts RedisStoreOptions', 'stores/redis/replicas.ts WaitReplicas']],
  ['`postgresStore`', postgresTable, ['stores/postgres/options.ts PostgresStoreOptions TableNames']],
  ['`mariadbStore`', mariadbTable, ['stores/mariadb/options.ts MariadbStoreOptions TableOptions']],
  ['`dynamodbStore`', dynamodbTable, ['stores/dynamodb/options.ts DynamodbStoreOptions']],
  ['`encryptedStore`', encryptionTable, ['stores/encrypted/options.ts EncryptionOptions']],
  ['`storeFromUrl`', storeFromUrlTable, ['stores/store-from-url/opened.ts StoreFromUrlOptions']],
  ['`completer`', completerTable, ['completer/options.ts CompleterOptions']],
  ['`httpOperations`', operationsTable, ['completer/http-operations.ts HttpOperationsOptions']],
  ['`dispatcher`', dispatcherTable, ['outbox/options.ts DispatcherOptions']],
  ['`operator`', operatorTable, ['operator/options.ts OperatorOptions']],
  ['`telemetry` of `latchkey/otel`', telemetryTable, ['otel/options.ts TelemetryOptions']],
  ['`idempotentFetch`', clientTable, ['client/options.ts ClientOptions']],
  ['`stepFetch`', stepTable, ['client/options.ts StepFetchOptions ClientOptions']],
  ['`expectOnce`', expectOnceTable, ['testing/expect-once.ts ExpectOnceOptions']],
  ['`expectOnce`: the request', requestTable, ['testing/expect-once/request.ts OnceRequestOptions']],
];

const shared = ['core/settings.ts OperationOptions', 'http/options.ts GuardOptions'];

/** The interface of each group, by its path. */
const groups: Readonly<Record<string, string>> = {
  key: 'http/options.ts KeyOptions',
  fingerprint: 'http/options.ts GuardFingerprintOptions FingerprintOptions',
  request: 'http/options.ts RequestOptions',
  'request.save': 'http/options.ts SaveRequestOptions',
  response: 'http/options.ts ResponseOptions',
  restored: 'http/options.ts Restored',
  timing: 'core/settings.ts TimingOptions',
  steps: 'core/settings.ts StepOptions',
  waitReplicas: 'stores/redis/replicas.ts WaitReplicas',
};

const source = (path: string) => readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8');

/** The first sentence of a member's docstring, without its default; undefined if the interface has no such member. */
function sentenceOf(name: string, places: readonly string[]): string | undefined {
  for (const place of places) {
    const [path = '', ...interfaces] = place.split(' ');
    for (const type of interfaces) {
      const body = source(path).match(new RegExp(`^(?:export )?interface ${type}\\b[\\s\\S]*?^}`, 'm'))?.[0] ?? '';
      const member = body.match(new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s+readonly ${name}\\??:`));
      if (member) return firstSentence(member[1] ?? '');
    }
  }
  return undefined;
}

function firstSentence(docstring: string): string {
  const text = docstring
    .replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const sentence = text.match(/^.*?\.(?= (?:[A-Z@`']|$)|$)/)?.[0] ?? text;
  return sentence
    .replace(/\.?$/, '.')
    .replaceAll('|', '\\|')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`');
}

const units: readonly [unit: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

function grouped(text: string): string {
  return text.replaceAll(/\d{4,}/g, (digits) => Number(digits).toLocaleString('en'));
}

function shownDefault(name: string, { default: value, isRequired }: Entry): string {
  if (isRequired) return '*required*';
  if (typeof value === 'function' || (typeof value === 'object' && !Array.isArray(value))) return '';
  if (value === undefined || value === Number.MAX_SAFE_INTEGER) return '';
  if (typeof value !== 'number') return `\`${JSON.stringify(value).replaceAll('"', "'")}\``;
  const unit = name.endsWith('Ms') ? units.find(([, ms]) => value >= ms && value % ms === 0) : undefined;
  if (unit) return `${grouped(String(value))} (${value / unit[1]} ${unit[0]})`;
  const mebibytes = value / 2 ** 20;
  return mebibytes >= 1 && Number.isInteger(mebibytes)
    ? `${grouped(String(value))} (${mebibytes} MiB)`
    : grouped(String(value));
}

function rowsOf(table: Table, path: string, places: readonly string[]): readonly string[] {
  return Object.entries(table).flatMap(([name, entry]) => {
    const whole = path + name;
    const group = groups[whole];
    const inner = entry.members === undefined ? [] : rowsOf(entry.members, `${whole}.`, group ? [group] : places);
    if (entry.demand === undefined) return inner;
    const sentence =
      sentenceOf(name, places) ??
      (name === 'waitMs' ? 'Maximum time that a duplicate waits for the first answer.' : undefined);
    expect(sentence, `${whole} has a docstring in ${places}`).toBeDefined();
    const demand = grouped(entry.demand).replaceAll('|', '\\|');
    return [`| \`${whole}\` | ${demand} | ${shownDefault(name, entry)} | ${sentence} |`, ...inner];
  });
}

function pageOf(): string {
  const head = `# Options

Every factory checks its options when it is called. It refuses an unknown name, with the nearest known one in the error,
and a value out of bounds. \`undefined\` counts as not set. An empty default means that the option has no default, or
that another option decides it. Times are in milliseconds, sizes in bytes.

A route (\`guard.with({ … })\`) takes the guard's options except \`store\`, \`principal\`, \`dialect\`, \`onProblem\`, \`onEvent\`,
\`log\`, \`runtime\` and \`fingerprint.secrets\`. Its groups are merged with the guard's member by member.

This page is generated from the option tables and docstrings of the code
(\`WRITE_PAGES=1\` with \`packages/latchkey/test/docs/options-page.test.ts\`). The docstrings have more details.
`;
  const tables = sections.map(([title, table, interfaces]) => {
    const rows = rowsOf(table as Table, '', [...interfaces, ...shared]);
    return ['', `## ${title}`, '', '| option | value | default | |', '|---|---|---|---|', ...rows, ''].join('\n');
  });
  return head + tables.join('');
}

it('docs/options.md equals the tables and docstrings', () => {
  const page = new URL('../../../../docs/options.md', import.meta.url);
  const made = pageOf();
  if (process.env['WRITE_PAGES'] !== undefined) writeFileSync(page, made);
  expect(readFileSync(page, 'utf8')).toBe(made);
});
