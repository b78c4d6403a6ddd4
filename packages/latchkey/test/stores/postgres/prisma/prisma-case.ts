import { PrismaPg } from '@prisma/adapter-pg';
import { prismaBridge } from '../../../../src/stores/postgres/index.ts';
import type { BridgeCase } from '../bridge-cases.ts';
import { type Prisma, PrismaClient } from './generated/client.ts';

export function onPrisma(url: string): BridgeCase<Prisma.TransactionClient> {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  return {
    bridge: prismaBridge(prisma),
    write: (tx, text) => tx.effect.create({ data: { effect: text } }),
    raw: (tx, text) => tx.$executeRawUnsafe(text),
    nested: (tx, fn) => tx.$transaction(fn),
    close: () => prisma.$disconnect(),
  };
}
