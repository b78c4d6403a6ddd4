/**
 * Options that several commands have, and how their values are read.
 *
 * @module
 */

import { type Command, InvalidArgumentError } from 'commander';
import { principalDigest } from 'latchkey/engine';
import { type PrincipalSource, principalFrom } from 'latchkey/operator';
import { wrongUse } from './failure.ts';
import type { Invocation } from './invocation.ts';
import { readSecretLine } from './terminal/questions.ts';

/** The options of every command on a store. */
export interface StoreFlags {
  readonly store?: string;
  readonly encryptionKeys?: string;
  readonly json?: boolean;
}

/** The options that name a principal. */
export interface PrincipalFlags {
  readonly principal?: string;
  readonly authorization?: boolean;
}

/** The options of a command that changes something. */
export interface ChangeFlags {
  readonly yes?: boolean;
}

/** The options of a command that counts stuck records. */
export interface StuckFlags {
  readonly maxAttempts?: number;
}

/** The options of a command whose change is written into the audit. */
export interface AuditedFlags extends ChangeFlags {
  readonly who?: string;
  readonly why?: string;
  readonly auditRetention?: number;
}

/** Adds the URL of the store and the form of the output. */
export function addStoreOptions(command: Command): Command {
  return command
    .option('--store <url>', 'the store, such as redis://localhost:6379 (default: LATCHKEY_STORE)')
    .option('--encryption-keys <file>', 'the keys of an encrypted store (default: LATCHKEY_ENCRYPTION_KEYS)')
    .option('--json', 'print JSON');
}

/** Adds the options that name a principal. */
export function addPrincipalOptions(command: Command): Command {
  return command
    .option('--principal <id>', "what the guard's principal function returns")
    .option('--authorization', 'read the Authorization header from standard input, for a guard that identifies by it');
}

/** Adds the number of claims after which a record is stuck. */
export function addStuckOption(command: Command): Command {
  return command.option(
    '--max-attempts <n>',
    "claims after which a record is stuck, as your guards' (default: 10)",
    count,
  );
}

/** Adds the option that skips the question. */
export function addChangeOptions(command: Command): Command {
  return command.option('--yes', 'do not ask');
}

/** Adds who and why, for the audit. */
export function addAuditedOptions(command: Command): Command {
  return addChangeOptions(command)
    .option('--who <name>', 'who decides, for the audit (default: LATCHKEY_WHO, or asked)')
    .option('--why <text>', 'the reason, for the audit (default: asked)')
    .option('--audit-retention <duration>', "minimum retention of an audit entry, as your operator's", duration);
}

/**
 * The principal that the options name; undefined if they name none.
 *
 * @throws Failure if they name two, or an empty one.
 */
export async function principalIn(
  invocation: Invocation,
  { principal, authorization }: PrincipalFlags,
): Promise<PrincipalSource | undefined> {
  // The functions without the option `principal` share the empty one.
  if (principal === '') throw wrongUse('--principal must not be empty.');
  if (authorization !== true) return principal;
  if (principal !== undefined) throw wrongUse('Pass either --principal or --authorization.');
  return { authorization: await readSecretLine(invocation, 'Authorization: ') };
}

/**
 * The digest of the principal that the options name, as records have it; undefined if they name none.
 *
 * @throws Failure like `principalIn`.
 */
export async function principalDigestIn(invocation: Invocation, flags: PrincipalFlags): Promise<string | undefined> {
  const source = await principalIn(invocation, flags);
  return source === undefined ? undefined : principalDigest(principalFrom(source, ''));
}

/** The operator's setting that `--audit-retention` changes. */
export function auditSettings({ auditRetention }: AuditedFlags): { readonly auditRetentionMs?: number } {
  return auditRetention === undefined ? {} : { auditRetentionMs: auditRetention };
}

/** The operator's setting that `--max-attempts` changes. */
export function stuckSettings({ maxAttempts }: StuckFlags): StuckFlags {
  return maxAttempts === undefined ? {} : { maxAttempts };
}

/** Collects the values of an option that is given several times. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Parses a positive integer. */
export function count(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be an integer of at least 1.');
}

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses a duration such as `90m`, `24h` or `30d`, in milliseconds. */
export function duration(text: string): number {
  const [, digits, unit = ''] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (unitMs !== undefined) return Number(digits) * unitMs;
  throw new InvalidArgumentError('It must be a duration such as 90m, 24h or 30d.');
}
