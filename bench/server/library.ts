import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The measured entries of the library. Both releases have the members that are used; the former one has no `koa`. */
interface Entries {
  readonly express: typeof import('latchkey/express');
  readonly fastify: typeof import('latchkey/fastify');
  readonly hono: typeof import('latchkey/hono');
  readonly koa: typeof import('latchkey/koa');
  readonly nest: typeof import('latchkey/nest');
  readonly memory: typeof import('latchkey/memory');
  readonly node: typeof import('latchkey/node');
  readonly postgres: typeof import('latchkey/postgres');
  readonly redis: typeof import('latchkey/redis');
  readonly sqlite: typeof import('latchkey/sqlite');
}

/** Loads the library like an application in this folder. */
export class Library {
  readonly #require: NodeJS.Require;
  /** Turns the library's log off, which the former code did not have. */
  readonly quiet: { readonly log?: false };

  /** @param former - the folder with the former code. Default: the present code. */
  constructor(former: string | undefined) {
    this.#require = createRequire(join(former ?? import.meta.dirname, 'application.js'));
    this.quiet = former === undefined ? { log: false } : {};
  }

  entry<Name extends keyof Entries>(name: Name): Promise<Entries[Name]> {
    return import(pathToFileURL(this.#require.resolve(`latchkey/${name}`)).href) as Promise<Entries[Name]>;
  }
}
