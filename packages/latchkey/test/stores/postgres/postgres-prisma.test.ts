import { afterAll, beforeAll, describe, it } from 'vitest';
import { isSelected } from '../../servers/selected.ts';
import type { BridgeCase } from './bridge-cases.ts';
import { bridgeTests } from './bridge-tests.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { checkPrismaTypes, preparePrisma } from './prisma-client.ts';

/** The part that needs the generated client; a test checks its types. */
interface PrismaCase {
  onPrisma(url: string): BridgeCase<object>;
}

const installTimeoutMs = 180_000;

let database: TestDatabase;
let prisma: PrismaCase;

describe.runIf(isSelected('postgres'))('transactions of a PostgreSQL store on Prisma', () => {
  beforeAll(async () => {
    await preparePrisma();
    prisma = await import(new URL('prisma/prisma-case.ts', import.meta.url).href);
    database = await testDatabase();
  }, installTimeoutMs);

  afterAll(() => database.stop());

  it('have the type of the generated client', checkPrismaTypes);

  bridgeTests(
    () => database,
    () => prisma.onPrisma(database.server.url),
  );
});
