/**
 * How far the code may spread. A ceiling is what the code comes to today: it may be lowered, never raised. Lines of a
 * file and of a function are limited in biome.json.
 */

/** A ceiling that holds now, and the figure that is wanted. */
export interface Limit {
  readonly ceiling: number;
  readonly goal: number;
}

/** The longest walk of a first request and of a replay, over all frameworks and stores. */
export const walkLimits = {
  first: {
    files: { ceiling: 49, goal: 30 },
    functions: { ceiling: 212, goal: 100 },
    returns: { ceiling: 103, goal: 30 },
  },
  replay: {
    files: { ceiling: 38, goal: 20 },
    functions: { ceiling: 147, goal: 70 },
    returns: { ceiling: 48, goal: 12 },
  },
} as const;

/** Types that hold a request's members. */
export const requestTypeLimit: Limit = { ceiling: 11, goal: 6 };

/** Files of code that lie directly in one folder. */
export const filesInFolder = 16;

/** Folders whose files are alike, so that nobody has to look for one among them: one statement a file. */
export const foldersOfLikeFiles: readonly string[] = ['sql', 'lua'];

/** Folders that still have more. */
export const crowdedFolderCeilings: Readonly<Record<string, number>> = {
  'examples/payments/src/shop': 17,
  'packages/latchkey/src/client': 17,
  'packages/latchkey/src/http/request': 19,
  'packages/latchkey/src/http/response': 17,
  'packages/latchkey/src/stores/dynamodb': 17,
};
