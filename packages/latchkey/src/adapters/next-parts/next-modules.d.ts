// The members of Next and React that the adapter calls. Applications compile against the real declarations.

declare module 'next/server.js' {
  /** Next's own request; users see its real type. */
  export interface NextRequest extends Request {
    readonly nextUrl: URL;
  }
  export function after(work: Promise<unknown>): void;
  export function connection(): Promise<void>;
}

declare module 'next/cache.js' {
  const cache: {
    revalidatePath(path: string, type?: 'layout' | 'page'): void;
    revalidateTag(tag: string, profile?: string | object): void;
    /** Since Next 16. */
    updateTag?(tag: string): void;
  };
  export default cache;
}

declare module 'next/dist/server/app-render/work-async-storage.external.js' {
  import type { AsyncLocalStorage } from 'node:async_hooks';

  export const workAsyncStorage: AsyncLocalStorage<{
    readonly route: string;
    readonly forceStatic?: boolean;
    /** Text in Next 15, objects since Next 16. */
    readonly pendingRevalidatedTags?: readonly (
      | string
      | { readonly tag: string; readonly profile?: string | object }
    )[];
  }>;
}

declare module 'next/dist/server/app-render/work-unit-async-storage.external.js' {
  import type { AsyncLocalStorage } from 'node:async_hooks';

  export const workUnitAsyncStorage: AsyncLocalStorage<{ readonly type: string }>;
}

declare module 'react' {
  export interface ReactElement {
    readonly type: unknown;
    readonly props: unknown;
    readonly key: string | null;
  }
  export function createElement(type: 'input', props: Readonly<Record<string, string>>): ReactElement;
}
