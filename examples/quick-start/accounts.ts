/** Stands for your own authentication: the id of the account that an Authorization header speaks for. */
export function accountOf(authorization: string | null | undefined): string | undefined {
  return authorization === 'Bearer secret' ? 'account-81' : undefined;
}
