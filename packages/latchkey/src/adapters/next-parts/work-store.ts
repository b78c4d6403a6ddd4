/// <reference path="./next-modules.d.ts" />
/**
 * What Next knows about the running request. Revalidated tags and the mode of a render have no public function; Next 15
 * and 16 keep them in the same two stores.
 *
 * @module
 */

import cache from 'next/cache.js';
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import { after } from 'next/server.js';

/** A tag that an action has revalidated. Paths are tags with a prefix. */
export interface Revalidation {
  readonly tag: string;
  readonly profile?: string | object;
}

const pathPrefix = '_N_T_';

/** The tags that the running request has revalidated since this object was created. */
export class RevalidationLog {
  // Kept, since a transaction's function may run in the asynchronous context of another request.
  readonly #work = workAsyncStorage.getStore();
  readonly #before = this.#tags.length;

  made(): Revalidation[] {
    return this.#tags.slice(this.#before).map((entry) => {
      if (typeof entry === 'string') return { tag: entry };
      return entry.profile === undefined ? { tag: entry.tag } : { tag: entry.tag, profile: entry.profile };
    });
  }

  get #tags() {
    return this.#work?.pendingRevalidatedTags ?? [];
  }
}

/** Revalidates the tags of an earlier call again. */
export function repeatRevalidations(made: readonly Revalidation[]): void {
  for (const { tag, profile } of made) {
    if (tag.startsWith(pathPrefix)) repeatPath(tag.slice(pathPrefix.length));
    else if (profile === undefined && cache.updateTag !== undefined) cache.updateTag(tag);
    else cache.revalidateTag(tag, profile);
  }
}

/** Next appends the type to the path, and warns of a dynamic path without a type. */
function repeatPath(path: string): void {
  const [, parent, type] = /^(.*)\/(layout|page)$/.exec(path) ?? [];
  if (parent === undefined) cache.revalidatePath(path);
  else cache.revalidatePath(parent || '/', type as 'layout' | 'page');
}

/** Keeps a serverless platform alive until the work is done. Does nothing outside Next, as in a unit test of a handler. */
export function keepAlive(work: Promise<unknown>): void {
  const unit = workUnitAsyncStorage.getStore();
  if (unit === undefined) return;
  try {
    // When the client disconnects, Next ends the phase of the unit in which after() was called, so the handler that
    // still runs could not set cookies any more. This unit is separate, so that only its phase ends.
    workUnitAsyncStorage.run(Object.create(unit), () => after(work));
  } catch {
    // The platform has no waitUntil: nothing ends its process before the work is done.
  }
}

const cachedUnits: ReadonlySet<string | undefined> = new Set(['cache', 'private-cache', 'unstable-cache']);

/** The reason why the result of this render is shared by several requests; undefined if it is not. */
export function sharedRender(): string | undefined {
  const work = workAsyncStorage.getStore();
  if (work?.forceStatic) return `${work.route} has dynamic = 'force-static'`;
  const isCached = cachedUnits.has(workUnitAsyncStorage.getStore()?.type);
  return isCached ? `${work?.route} renders it inside 'use cache'` : undefined;
}
