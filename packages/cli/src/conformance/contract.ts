/**
 * Reads the claims of a target from the JSON of `guard.contract()`.
 *
 * @module
 */

import { wrongUse } from '../failure.ts';
import { keyFormats, type PartialClaims, profileNames, profiles } from './claims.ts';
import { member, parseJson, valueAt } from './json.ts';

function oneOf<Name extends string>(names: readonly Name[], value: unknown): Name | undefined {
  return names.find((name) => name === value);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;
}

const duration = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/;

/** The milliseconds of an ISO 8601 duration of days, hours, minutes and seconds. */
function millisecondsOf(value: unknown): number | undefined {
  const parts = duration.exec(String(value));
  if (parts === null) return undefined;
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
}

function statusesOf(contract: unknown, usual: Readonly<Record<string, number>>) {
  const problems = member(contract, 'problems');
  const statusOf = (code: string, otherwise = 0) => {
    const found = Array.isArray(problems) ? problems.find((problem) => member(problem, 'code') === code) : undefined;
    return numberOf(member(found, 'status')) ?? otherwise;
  };
  return {
    keyMissing: statusOf('key-missing', usual['keyMissing']),
    keyInvalid: statusOf('key-invalid', usual['keyInvalid']),
    keyReused: statusOf('key-reused', usual['keyReused']),
    inProgress: statusOf('in-progress', usual['inProgress']),
  };
}

/**
 * The claims in a contract.
 *
 * @throws Failure if the text is not a contract.
 */
export function claimsIn(text: string): PartialClaims {
  const contract = parseJson(text);
  if (typeof member(contract, 'dialect') !== 'string' || member(contract, 'key') === undefined)
    throw wrongUse('--contract must be the URL of the JSON of guard.contract()');
  const profile = oneOf(profileNames, member(contract, 'dialect'));
  const running = member(contract, 'whenRunning');
  const required = valueAt(contract, '/key/required');
  return {
    profile,
    statuses: statusesOf(contract, profiles[profile ?? 'ietf'].statuses),
    keyRequired: typeof required === 'boolean' ? required : undefined,
    keyFormat: oneOf(keyFormats, valueAt(contract, '/key/format')),
    maxKeyLength: numberOf(valueAt(contract, '/key/maxLength')),
    whenRunning: typeof running === 'object' ? 'wait' : oneOf(['conflict'], running),
    afterFailure: oneOf(['refuse', 'rerun'], member(contract, 'afterFailure')),
    comparedBy: oneOf(['canonical', 'bytes'], valueAt(contract, '/payload/body')),
    ignored: textsOf(valueAt(contract, '/payload/ignored/json')),
    meaningfulHeaders: textsOf(valueAt(contract, '/payload/headers')),
    maxBodyBytes: numberOf(valueAt(contract, '/limits/request')),
    retentionMs: millisecondsOf(valueAt(contract, '/retention/answer')),
  };
}
