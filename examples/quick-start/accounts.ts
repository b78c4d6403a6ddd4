/** A stand-in for your own authentication: returns the account id of an Authorization header. */
export function accountOf(authorization: string | null | undefined): string | undefined {
  return authorization === 'Bearer secret' ? 'account-81' : undefined;
}
