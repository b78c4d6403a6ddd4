/**
 * Limits of the code path. A ceiling is the present figure and may be lowered, but never raised. Lines of a file and of
 * a function are limited in biome.json.
 */

/** The present ceiling and the target. */
export interface Limit {
  readonly ceiling: number;
  readonly goal: number;
}

/** The longest path of a first request and of a replay, over all frameworks and stores. */
export const walkLimits = {
  first: {
    files: { ceiling: 46, goal: 30 },
    functions: { ceiling: 196, goal: 100 },
    returns: { ceiling: 87, goal: 30 },
  },
  replay: {
    files: { ceiling: 35, goal: 20 },
    functions: { ceiling: 133, goal: 70 },
    returns: { ceiling: 34, goal: 12 },
  },
} as const;

/** Types that hold a request's members. */
export const requestTypeLimit: Limit = { ceiling: 11, goal: 6 };

/** Code files directly in one folder. */
export const filesInFolder = 16;

/** Folders with one statement per file, whose files are alike. */
export const foldersOfLikeFiles: readonly string[] = ['sql', 'lua'];

/** Folders that still exceed the limit. */
export const crowdedFolderCeilings: Readonly<Record<string, number>> = {
  'examples/payments/src/shop': 17,
};
