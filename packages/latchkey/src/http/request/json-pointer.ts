/**
 * JSON Pointers (RFC 6901) as a tree.
 *
 * @module
 */

/** By reference token: `true` where a pointer ends. */
export type PointerTree = ReadonlyMap<string, PointerTree | true>;

type Growing = Map<string, Growing | true>;

const isPointer = /^(?:\/(?:[^~/]|~[01])*)+$/;

/**
 * Whether a string is a JSON Pointer to a member of a document. The empty pointer, which names the whole document, is
 * not.
 */
export function isMemberPointer(pointer: string): boolean {
  return isPointer.test(pointer);
}

function grow(tree: Growing, [token = '', ...rest]: readonly string[]): void {
  const child = tree.get(token);
  if (child === true) return;
  if (rest.length === 0) {
    tree.set(token, true);
    return;
  }
  const branch: Growing = child ?? new Map();
  tree.set(token, branch);
  grow(branch, rest);
}

/** Returns the tree of several pointers; undefined for an empty list. */
export function pointerTree(pointers: readonly string[]): PointerTree | undefined {
  if (pointers.length === 0) return undefined;
  const tree: Growing = new Map();
  for (const pointer of pointers) {
    const tokens = pointer.slice(1).split('/');
    grow(
      tree,
      tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~')),
    );
  }
  return tree;
}
