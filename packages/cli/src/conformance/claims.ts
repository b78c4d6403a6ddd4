/**
 * What the target claims to do. It is graded by its own claims: a profile's, those of its contract, or given options.
 *
 * @module
 */

/** The conventions with statuses and error bodies of their own. */
export const profileNames = ['ietf', 'stripe', 'acp', 'ucp'] as const;
export type ProfileName = (typeof profileNames)[number];

/** Which forms of the key header are accepted: both, the RFC 9651 String alone, or any text as it is. */
export const keyFormats = ['lenient', 'strict', 'bare'] as const;
type KeyFormat = (typeof keyFormats)[number];

/** The claims of a target. */
export interface Claims {
  readonly profile: ProfileName;
  readonly statuses: {
    readonly keyMissing: number;
    readonly keyInvalid: number;
    readonly keyReused: number;
    readonly inProgress: number;
  };
  readonly keyRequired: boolean;
  readonly keyFormat: KeyFormat;
  readonly maxKeyLength: number;
  /** What a duplicate gets while the first request runs. */
  readonly whenRunning: 'conflict' | 'wait';
  /** Whether a request that failed may run again. */
  readonly afterFailure: 'refuse' | 'rerun';
  /** How JSON bodies are compared. */
  readonly comparedBy: 'canonical' | 'bytes';
  /** JSON Pointers of members that may differ. */
  readonly ignored: readonly string[];
  /** Headers that are part of the payload. */
  readonly meaningfulHeaders: readonly string[];
  /** The header that is `true` on a replay; undefined if replays are not marked. */
  readonly marker: string | undefined;
  readonly maxBodyBytes: number | undefined;
  readonly retentionMs: number | undefined;
  /** An origin whose scripts may call the target. */
  readonly origin: string | undefined;
}

const ietf: Claims = {
  profile: 'ietf',
  statuses: { keyMissing: 400, keyInvalid: 400, keyReused: 422, inProgress: 409 },
  keyRequired: false,
  keyFormat: 'lenient',
  maxKeyLength: 255,
  whenRunning: 'conflict',
  afterFailure: 'refuse',
  comparedBy: 'canonical',
  ignored: [],
  meaningfulHeaders: [],
  marker: 'Idempotent-Replayed',
  maxBodyBytes: undefined,
  retentionMs: undefined,
  origin: undefined,
};

/** What an endpoint of each convention claims if it says nothing else. */
export const profiles: Readonly<Record<ProfileName, Claims>> = {
  ietf,
  stripe: { ...ietf, profile: 'stripe', keyFormat: 'bare', statuses: { ...ietf.statuses, keyReused: 400 } },
  acp: { ...ietf, profile: 'acp', keyFormat: 'bare', keyRequired: true, afterFailure: 'rerun' },
  ucp: {
    ...ietf,
    profile: 'ucp',
    keyFormat: 'bare',
    comparedBy: 'bytes',
    statuses: { ...ietf.statuses, keyReused: 409 },
  },
};

/** The documents of the conventions beside the draft. */
export const conventions: Readonly<Partial<Record<ProfileName, string>>> = {
  stripe: 'docs.stripe.com/error-low-level',
  acp: 'Agentic Commerce Protocol, "Agentic Checkout" §6',
  ucp: 'ucp.dev/specification/checkout-rest',
};

/** Claims without those that are unknown. */
export type PartialClaims = { readonly [Name in keyof Claims]?: Claims[Name] | undefined };

/** The claims of a profile, then those of the contract, then the given ones; a later one wins. */
export function mergeClaims(contract: PartialClaims, given: PartialClaims): Claims {
  const claims = { ...profiles[given.profile ?? contract.profile ?? 'ietf'] };
  for (const part of [contract, given]) {
    for (const [name, value] of Object.entries(part)) if (value !== undefined) Object.assign(claims, { [name]: value });
  }
  return claims;
}
