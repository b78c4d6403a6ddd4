/**
 * Reads the template from a JSON file and from options.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { wrongUse } from '../failure.ts';
import { member, parseJson } from './json.ts';
import {
  type Call,
  type Change,
  changed,
  type Header,
  headerOf,
  type Template,
  type VariantName,
  variants,
} from './template.ts';

/** The options that describe the request. */
export interface TemplateOptions {
  readonly template?: string;
  readonly method?: string;
  readonly header?: readonly string[];
  /** Text, or `@` and the name of a file. */
  readonly body?: string;
  readonly otherBody?: string;
  /** `name={"headers":…}` */
  readonly variant?: readonly string[];
}

/**
 * Reads a URL.
 *
 * @param base - what it may be relative to.
 * @throws Failure
 */
export function urlOf(text: string, name: string, base?: URL): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw wrongUse(`${name} must be an http or https URL`);
  if (url.username !== '' || url.password !== '')
    throw wrongUse(`${name} must not contain credentials. Give them as --header "Authorization: …"`);
  return url;
}

const fileMembers = ['method', 'headers', 'body', 'otherBody', 'variants'];
const changeMembers = ['method', 'path', 'headers', 'body'];

function readBytes(file: string, option: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw wrongUse(`${option}: cannot read the file ${file}`);
  }
}

function bodyOf(text: string | undefined, option: string): Buffer | undefined {
  if (text === undefined) return undefined;
  return text.startsWith('@') ? readBytes(text.slice(1), option) : Buffer.from(text);
}

/** A body in JSON: a text is sent as it is, anything else as JSON. */
function bodyIn(value: unknown): Buffer | null | undefined {
  if (value === undefined || value === null) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

function refuseUnknown(value: unknown, known: readonly string[], where: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrongUse(`${where} must be a JSON object`);
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrongUse(`${where} has the unknown member "${unknown}"; use ${known.join(', ')}`);
}

function textIn(value: unknown, where: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw wrongUse(`${where} must be a text`);
}

function headersIn(value: unknown, where: string): Record<string, string | null> {
  const entries = Object.entries(Object(value ?? {}));
  const isRight = entries.every(([, text]) => typeof text === 'string' || text === null);
  if (!isRight || Array.isArray(value)) throw wrongUse(`${where} must be an object of texts`);
  return Object.fromEntries(entries) as Record<string, string | null>;
}

function changeIn(value: unknown, where: string): Change {
  refuseUnknown(value, changeMembers, where);
  const method = textIn(member(value, 'method'), `${where}.method`);
  const path = textIn(member(value, 'path'), `${where}.path`);
  const body = bodyIn(member(value, 'body'));
  return {
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
    headers: headersIn(member(value, 'headers'), `${where}.headers`),
    ...(body !== undefined && { body }),
  };
}

function isVariant(name: string): name is VariantName {
  return Object.hasOwn(variants, name);
}

function headerIn(line: string): Header {
  const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw wrongUse('--header must be "Name: value"');
  return [name, value];
}

/** The variants of the file and those of options, which win. */
function changesIn(file: unknown, options: readonly string[]): ReadonlyMap<VariantName, Change> {
  const fromOptions = options.map((option) => {
    const [, name = '', json = ''] = /^(\w+)=(.*)$/s.exec(option) ?? [];
    return [name, parseJson(json)] as const;
  });
  const changes = new Map<VariantName, Change>();
  for (const [name, value] of [...Object.entries(Object(file ?? {})), ...fromOptions]) {
    if (!isVariant(name))
      throw wrongUse(`"${name}" is no variant; use ${Object.keys(variants).join(', ')}, as in slow={"headers":{…}}`);
    changes.set(name, changeIn(value, `the variant "${name}"`));
  }
  return changes;
}

/** A variant that reads is a GET without body. */
function variantOf(call: Call, name: VariantName, change: Change): Call {
  const where = `the variant "${name}"`;
  if (change.path !== undefined) urlOf(change.path, `The path of ${where}`, call.url);
  return expectSendable(changed(call, name === 'read' ? { method: 'GET', body: null, ...change } : change), where);
}

/** @throws Failure if HTTP allows neither its method nor its headers. */
function expectSendable(call: Call, where: string): Call {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(call.method))
    throw wrongUse(`The method of ${where} has characters that HTTP forbids`);
  for (const [name, value] of call.headers) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw wrongUse(`The header ${name} of ${where} has characters that HTTP forbids`);
    }
  }
  return call;
}

/** JSON needs its Content-Type. */
function withType(headers: readonly Header[], body: Buffer | undefined): readonly Header[] {
  if (headerOf({ headers }, 'content-type') !== undefined || body === undefined) return headers;
  return parseJson(body.toString()) === undefined ? headers : [...headers, ['Content-Type', 'application/json']];
}

/**
 * Reads the template.
 *
 * @throws Failure
 */
export function readTemplate(url: URL, options: TemplateOptions): Template {
  const file = options.template === undefined ? {} : parseJson(readBytes(options.template, '--template').toString());
  refuseUnknown(file, fileMembers, options.template ?? 'the template');
  const fromFile = headersIn(member(file, 'headers'), 'headers');
  const base = changed(
    { method: 'POST', url, headers: [], body: undefined },
    { headers: { ...fromFile, ...Object.fromEntries((options.header ?? []).map(headerIn)) } },
  );
  const body = bodyOf(options.body, '--body') ?? bodyIn(member(file, 'body')) ?? undefined;
  const method = options.method ?? textIn(member(file, 'method'), 'method') ?? 'POST';
  const call: Call = { ...base, method: method.toUpperCase(), body, headers: withType(base.headers, body) };
  const changes = changesIn(member(file, 'variants'), options.variant ?? []);
  return {
    ...expectSendable(call, 'the request'),
    otherBody: bodyOf(options.otherBody, '--other-body') ?? bodyIn(member(file, 'otherBody')) ?? undefined,
    variants: Object.fromEntries([...changes].map(([name, change]) => [name, variantOf(call, name, change)])),
  };
}
