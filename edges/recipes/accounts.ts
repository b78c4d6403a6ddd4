/** The account of a request, as an application's own authentication finds it; undefined for an unknown caller. */
export function accountOf(authorization: string | undefined): string | undefined {
  return authorization?.match(/^Bearer (\w+)$/)?.[1];
}
