/**
 * The lapsed records of a store, page by page. Each poll continues where the previous one stopped.
 *
 * @module
 */

import type { AnyOperatorStore, RecordPage, StoredRecord } from '../core/store.ts';

const pageSize = 100;

/** Cycles through a store's lapsed records. */
export class LapsedPages {
  readonly #list: AnyOperatorStore['list'];
  #cursor: string | undefined;
  #hasFailed = false;

  constructor(list: AnyOperatorStore['list']) {
    this.#list = list;
  }

  /** True if the next page is the first one. */
  get atStart(): boolean {
    return this.#cursor === undefined;
  }

  async next(): Promise<readonly StoredRecord[]> {
    const { records, next } = await this.#page();
    this.#cursor = next;
    this.#hasFailed = false;
    return records;
  }

  /** After two failures it starts again from the first page, since the store may no longer know the cursor. */
  async #page(): Promise<RecordPage> {
    const cursor = this.#cursor;
    try {
      return await this.#list({ state: 'lapsed', limit: pageSize, ...(cursor !== undefined && { cursor }) });
    } catch (error) {
      if (this.#hasFailed) this.#cursor = undefined;
      this.#hasFailed = !this.#hasFailed;
      throw error;
    }
  }
}
