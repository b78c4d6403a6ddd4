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
  const failures = byStatus(contract.problems);
  const described: Record<string, Described> = { ...responses };
  for (const status of new Set([...Object.keys(responses), ...failures.keys()])) {
    // Extensions are not responses.
    if (status.startsWith('x-')) continue;
    const given = responses[status] ?? responses[`${status[0]}XX`] ?? responses['default'];
    const problems = failures.get(status) ?? [];
    const response = withMarks(given && components.resolve(given), problems, contract);
    described[status] = problems.length === 0 ? response : withProblems(response, status, problems, components);
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

/** Adds the headers with which the guard marks answers, unless they are described; names are compared without case. */
function withMarks(
  given: DescribedResponse | undefined,
  problems: readonly ContractProblem[],
  contract: Contract,
): DescribedResponse {
  const isOwn = problems.length > 0 && given?.description === titlesOf(problems);
  const isOperation = given !== undefined && !isOwn;
  const marks = { ...(isOperation && { [REPLAYED_HEADER]: replayed }), ...marksOf(contract, isOperation, problems) };
  const { headers = {} } = given ?? {};
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const added = Object.entries({ ...retryAfterOf(problems), ...marks });
  const missing = Object.fromEntries(added.filter(([name]) => !names.includes(name.toLowerCase())));
  return { ...given, headers: { ...missing, ...headers } };
}

/** The marks of errors, and of the operation's own answers. Generators take a header that is a reference as required. */
function marksOf({ key }: Contract, isOperation: boolean, problems: readonly ContractProblem[]): Described {
  const codes = problems.map(({ code, final }) => formatStatus(code, final));
  const values = [...(isOperation ? Object.values(OWN_ANSWER) : []), ...codes].map((value) => `\`${value}\``);
  return {
    [STATUS_HEADER]: { description: `What the answer is: ${values.join(', ')}.`, schema: { type: 'string' } },
    ...(key.echoed && { [key.header]: { description: 'The key of the request.', schema: { type: 'string' } } }),
  };
}

/** The header of the errors after which the client should wait and retry, if there is one among these. */
function retryAfterOf(problems: readonly ContractProblem[]): Described {
  const codes = problems.filter(({ retryAfter }) => retryAfter).map(({ code }) => code);
  if (codes.length === 0) return {};
  const description = `Seconds to wait before the same request is sent again, with ${codes.join(', ')}.`;
  return { 'Retry-After': { description, schema: { type: 'integer', minimum: 1 } } };
}

/** The description of a response that only the guard gives. */
function titlesOf(problems: readonly ContractProblem[]): string {
  return problems.map(({ title }) => title).join('; ');
}

/** Adds the errors of one status to its response. What was added before stays as it is. */
function withProblems(
  response: DescribedResponse,
  status: string,
  problems: readonly ContractProblem[],
  components: Components,
): DescribedResponse {
  const [{ contentType } = {}] = problems;
  const titles = titlesOf(problems);
  const { description = '' } = response;
  const descriptions = [description, titles].filter((text) => text !== '');
  const content =
    contentType === undefined ? undefined : contentOf(response, contentType, status, problems, components);
  return {
    ...response,
    description: description.endsWith(titles) ? description : descriptions.join(' Or: '),
    ...(content && { content }),
  };
}

/** The members of an error that name it, in every dialect. */
const codeMembers = ['code', STRIPE_CODE_MEMBER];

/** A guard that is set up wrongly sends further codes, with the status of a failed operation: those are not listed. */
function listedOf(problems: readonly ContractProblem[]): readonly string[] {
  return problems.some(({ code }) => code === 'operation-failed') ? [] : codeMembers;
}

/** A schema, or ours; unchanged if it allows ours already. */
function anyOf(given: unknown, ours: Described): unknown {
  if (given === undefined) return ours;
  const { anyOf: choices } = Object(given) as Described;
  const isAllowed = [given, choices].flat().some((choice) => Object(choice).$ref === ours['$ref']);
  return isAllowed ? given : { anyOf: [given, ours] };
}

function contentOf(
  { content = {} }: DescribedResponse,
  contentType: string,
  status: string,
  problems: readonly ContractProblem[],
  components: Components,
): Record<string, Described> {
  const bodies = problems.map(({ body }) => body);
  const ours = components.addSchema(`IdempotencyProblem${status}`, schemaOf(bodies, listedOf(problems)));
  const { example, examples, schema, ...media } = content[contentType] ?? {};
  const given = isDescribed(examples) ? examples : example === undefined ? {} : { example: { value: example } };
  const added = problems.map(({ code, title, body }) => [code, { summary: title, value: body }] as const);
  return {
    ...content,
    [contentType]: {
      ...media,
      schema: anyOf(schema, ours),
      examples: { ...given, ...Object.fromEntries(added) },
    },
  };
}
