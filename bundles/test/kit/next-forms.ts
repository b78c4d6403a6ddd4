/**
 * Forms as a browser without scripts sends them.
 *
 * @module
 */

const entities: Readonly<Record<string, string>> = {
  '&quot;': '"',
  '&amp;': '&',
  '&#x27;': "'",
  '&lt;': '<',
  '&gt;': '>',
};

const decoded = (text: string) => text.replaceAll(/&(?:quot|amp|#x27|lt|gt);/g, (entity) => entities[entity] ?? entity);

/** An answer of the application. */
export interface PageAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly cookies: readonly string[];
  readonly html: string;
}

/** The members of a form. */
export type Members = Readonly<Record<string, string | Blob>>;

/** A buyer with a cookie. */
export class Buyer {
  readonly name: string;
  readonly #origin: string;

  constructor(origin: string, name: string = crypto.randomUUID()) {
    this.#origin = origin;
    this.name = name;
  }

  async get(path: string): Promise<PageAnswer> {
    return this.#send(path, { method: 'GET' });
  }

  /** The hidden members of a page's form. */
  async open(path: string): Promise<Record<string, string>> {
    return hiddenIn((await this.get(path)).html);
  }

  /** Submits a form; the members replace those of the page. */
  async submit(path: string, members: Members, signal?: AbortSignal): Promise<PageAnswer> {
    const body = new FormData();
    for (const [name, value] of Object.entries(members)) body.set(name, value);
    return this.#send(path, { method: 'POST', body, ...(signal && { signal }) });
  }

  async #send(path: string, init: RequestInit): Promise<PageAnswer> {
    const headers = { Cookie: `buyer=${this.name}`, Origin: this.#origin };
    const response = await fetch(this.#origin + path, { ...init, headers, redirect: 'manual' });
    return {
      status: response.status,
      location: response.headers.get('location'),
      cookies: response.headers.getSetCookie(),
      html: await response.text(),
    };
  }
}

function hiddenIn(html: string): Record<string, string> {
  const members: Record<string, string> = {};
  for (const [input] of html.matchAll(/<input [^>]*type="hidden"[^>]*>/g)) {
    const [, name = ''] = /name="([^"]*)"/.exec(input) ?? [];
    const [, value = ''] = /value="([^"]*)"/.exec(input) ?? [];
    members[decoded(name)] = decoded(value);
  }
  return members;
}
