import { describe, expect, it } from 'vitest';
import { allPages, type Block, blocksOf, compileBlocks } from './kit/code-blocks.ts';

const blocks = allPages().flatMap(blocksOf);

/** The application that a block is part of. */
function applicationOf({ page, code }: Block): string {
  if (page === 'frameworks/fetch.md') return 'fetch';
  if (page === 'frameworks/lambda.md') return 'lambda';
  if (page === 'frameworks/next.md' || code.includes('NextRequest')) return 'next';
  if (code.includes('app.use(async (c, next)')) return 'hono';
  if (code.includes('await app.register(')) return 'fastify';
  if (code.includes('SwaggerModule')) return 'nest';
  if (code.includes('getOpenAPI31Document')) return 'zod-openapi';
  return code.includes('async (tx)') ? 'postgres' : 'express';
}

describe('the code blocks of the pages', () => {
  const applications = Map.groupBy(blocks, applicationOf);

  it.each([...applications.keys()])('of %s compile', async (application) => {
    expect(await compileBlocks(['common', application], applications.get(application) ?? [])).toBe('');
  });

  it('are many', () => {
    expect(blocks.length).toBeGreaterThan(75);
  });

  it('fail if a name of the library is wrong, with the page and the line', async () => {
    const block = {
      page: 'guides/stores.md',
      line: 40,
      language: 'ts',
      code: "import { redisStor } from 'latchkey/redis';\n",
    };
    expect(await compileBlocks(['fetch'], [block])).toContain('docs/guides/stores.md:40: error TS2724');
  });
});
