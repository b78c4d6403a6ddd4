/**
 * One operation of a document, with what its guard promises.
 *
 * @module
 */

import type { Contract, ContractProblem } from '../http/contract/contract.ts';
import { KEY_HEADER, REPLAYED_HEADER, STATUS_HEADER } from '../protocol/headers.ts';
import { STRIPE_CODE_MEMBER } from '../protocol/problem-body.ts';
import { formatStatus, OWN_ANSWER } from '../protocol/status-header.ts';
import {
  type Components,
  type Described,
  type DescribedOperation,
  type DescribedResponse,
  isDescribed,
} from './document.ts';
import { inWords, schemaOf } from './schema.ts';

/** Returns the operation with the header parameter, the errors and marks of the guard, and hints for SDK generators. */
export function describeOperation(
  operation: DescribedOperation,
  contract: Contract,
  components: Components,
): DescribedOperation {
  const { dialect, source, retention, afterFailure, whenRunning, whenStoreDown, payload, limits } = contract;
  const promise = { dialect, source, retention, afterFailure, whenRunning, whenStoreDown, payload, limits };
  return {
    'x-fern-idempotent': true,
    'x-speakeasy-retries': retriesOf(contract),
    ...operation,
    'x-idempotency': JSON.parse(JSON.stringify(promise)),
    parameters: [
      ...(operation.parameters ?? []).filter((parameter) => !isKeyParameter(parameter, components)),
      keyParameter(contract),
    ],
    responses: responsesOf(operation, contract, components),
  };
}

/** Whether a parameter, or what it refers to, is the header of the key. */
export function isKeyParameter(parameter: Described, components: Components): boolean {
  const { in: place, name } = components.resolve(parameter);
  return place === 'header' && String(name).toLowerCase() === KEY_HEADER.toLowerCase();
}

function keyParameter({ key, retention }: Contract): Described {
  const form =
    key.format === 'strict'
      ? 'A quoted string (RFC 9651)'
      : 'A quoted string (RFC 9651), or the bare key without quotes';
  return {
    name: key.header,
    in: 'header',
    required: key.required,
    description:
      `Makes the request safe to retry: send a new random key, and the same key with every retry. ${form}, of at most ` +
      `${key.maxLength} characters. The answer is kept for ${inWords(retention.answer)}.`,
    schema: { type: 'string', minLength: 1 },
    example: '"4fa282fe-6f26-4f33-8a32-447c6d8a1953"',
  };
}

/** Speakeasy retries these statuses with the same key: under `refuse` other failures are kept. */
function retriesOf({ afterFailure, problems }: Contract): Described {
  const isFinal = problems.some(({ status, final }) => status === 409 && final);
  return {
    strategy: 'backoff',
    backoff: { initialInterval: 500, maxInterval: 60_000, maxElapsedTime: 300_000, exponent: 1.5 },
    statusCodes: [...(isFinal ? [] : ['409']), ...(afterFailure === 'rerun' ? ['408', '429', '5XX'] : ['503'])],
    retryConnectionErrors: true,
  };
}

function responsesOf(
  { responses = {} }: DescribedOperation,
  contract: Contract,
  components: Components,
): Record<string, Described> {
  const described: Record<string, Described> = {};
  const failures = byStatus(contract.problems);
  for (const [status, given] of Object.entries(responses)) {
    const response: DescribedResponse = components.resolve(given);
    const marks = { [REPLAYED_HEADER]: replayed, ...marksOf(contract, true, failures.get(status)) };
    // Extensions are no responses.
    described[status] = status.startsWith('x-') ? given : { ...response, headers: { ...marks, ...response.headers } };
  }
  for (const [status, problems] of failures) {
    const response = described[status] ?? { headers: marksOf(contract, false, problems) };
    described[status] = withProblems(response, status, problems, components);
  }
  return described;
}

function byStatus(problems: readonly ContractProblem[]): ReadonlyMap<string, readonly ContractProblem[]> {
  const groups = new Map<string, ContractProblem[]>();
  for (const problem of problems) {
    const status = String(problem.status ?? 'default');
    groups.set(status, [...(groups.get(status) ?? []), problem]);
  }
  return groups;
}

const replayed = { description: 'On an answer that was stored before.', schema: { type: 'string', enum: ['true'] } };

/** The headers with which the guard marks answers. Generators take a header that is a reference for a required one. */
function marksOf({ key }: Contract, isOperation: boolean, problems: readonly ContractProblem[] = []): Described {
  const codes = problems.map(({ code, final }) => formatStatus(code, final));
  const values = [...(isOperation ? Object.values(OWN_ANSWER) : []), ...codes].map((value) => `\`${value}\``);
  return {
    [STATUS_HEADER]: { description: `What the answer is: ${values.join(', ')}.`, schema: { type: 'string' } },
    ...(key.echoed && { [key.header]: { description: 'The key of the request.', schema: { type: 'string' } } }),
  };
}

/** The header of the errors that waiting helps against, if there is one among these. */
function retryAfterOf(problems: readonly ContractProblem[]): Described {
  const codes = problems.filter(({ retryAfter }) => retryAfter).map(({ code }) => code);
  if (codes.length === 0) return {};
  const description = `Seconds to wait before the same request is sent again, with ${codes.join(', ')}.`;
  return { 'Retry-After': { description, schema: { type: 'integer', minimum: 1 } } };
}

/** Adds the errors of one status to its response. */
function withProblems(
  response: DescribedResponse,
  status: string,
  problems: readonly ContractProblem[],
  components: Components,
): DescribedResponse {
  const [{ contentType } = {}] = problems;
  const titles = problems.map(({ title }) => title).join('; ');
  const content =
    contentType === undefined ? undefined : contentOf(response, contentType, status, problems, components);
  return {
    ...response,
    description: response.description === undefined ? titles : `${response.description} Or: ${titles}`,
    headers: { ...retryAfterOf(problems), ...response.headers },
    ...(content && { content }),
  };
}

/** The members of an error that name it, in every dialect. */
const codeMembers = ['code', STRIPE_CODE_MEMBER];

function contentOf(
  { content = {} }: DescribedResponse,
  contentType: string,
  status: string,
  problems: readonly ContractProblem[],
  components: Components,
): Record<string, Described> {
  const bodies = problems.map(({ body }) => body);
  const ours = components.addSchema(`IdempotencyProblem${status}`, schemaOf(bodies, codeMembers));
  const { example, examples, schema, ...media } = content[contentType] ?? {};
  const given = isDescribed(examples) ? examples : example === undefined ? {} : { example: { value: example } };
  const added = problems.map(({ code, title, body }) => [code, { summary: title, value: body }] as const);
  return {
    ...content,
    [contentType]: {
      ...media,
      schema: schema === undefined ? ours : { anyOf: [schema, ours] },
      examples: { ...given, ...Object.fromEntries(added) },
    },
  };
}
