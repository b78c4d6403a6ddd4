/**
 * Header fields of a `node:http` response: which were set, and when.
 *
 * @module
 */

import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Field, Marks } from '../../http/exchange.ts';

/** The fields at one moment, by lower-case name. */
export type HeaderSnapshot = Readonly<OutgoingHttpHeaders>;

/** Node has this on every outgoing message; its types name it for clients only. */
interface OutgoingNames {
  getRawHeaderNames(): string[];
}

/** Copies arrays too, since `appendHeader` changes them in place. */
export function snapshotHeaders(headers: OutgoingHttpHeaders): HeaderSnapshot {
  for (const name in headers) {
    const value = headers[name];
    if (Array.isArray(value)) headers[name] = [...value];
  }
  return headers;
}

/** The fields that are there now and were not, or not with this value, at the moment of the snapshot. */
export function fieldsSetSince(response: ServerResponse & Partial<OutgoingNames>, before: HeaderSnapshot): Field[] {
  const fields: Field[] = [];
  for (const name of response.getRawHeaderNames?.() ?? response.getHeaderNames()) {
    addField(fields, name, response.getHeader(name), before[name.toLowerCase()]);
  }
  return fields;
}

function addField(
  fields: Field[],
  name: string,
  value: OutgoingHttpHeader | undefined,
  before: OutgoingHttpHeader | undefined,
): void {
  if (value === undefined || isSame(value, before)) return;
  if (Array.isArray(value)) for (const line of value) fields.push([name, line]);
  else fields.push([name, String(value)]);
}

/**
 * The same for the object that is about to be the whole head of a response, at a quarter of the cost. Undefined if one
 * of its names could stand for another in other letter case, or if there are other fields.
 */
export function fieldsOfHead(response: ServerResponse, head: unknown, before: HeaderSnapshot): Field[] | undefined {
  if (typeof head !== 'object' || head === null || Array.isArray(head)) return undefined;
  if (response.getHeaderNames().length > 0) return undefined;
  const given = head as OutgoingHttpHeaders;
  const fields: Field[] = [];
  for (const name of Object.keys(given)) {
    if (name !== name.toLowerCase()) return undefined;
    addField(fields, name, given[name], before[name]);
  }
  return fields;
}

function isSame(value: OutgoingHttpHeader, before: OutgoingHttpHeader | undefined): boolean {
  if (value === before) return true;
  if (!Array.isArray(value) || !Array.isArray(before)) return false;
  return value.length === before.length && value.every((line, index) => line === before[index]);
}

/** Takes back what was set since the snapshot. */
export function restoreHeaders(response: ServerResponse, before: HeaderSnapshot): void {
  for (const name of response.getHeaderNames()) {
    if (before[name] === undefined) response.removeHeader(name);
  }
  for (const name in before) {
    const value = before[name];
    if (value !== undefined) response.setHeader(name, value);
  }
}

/** What Node accepts as a status. */
export function isStatus(status: unknown): status is number {
  return typeof status === 'number' && status >= 100 && status <= 999;
}

/** The functions of a response that change its fields, whatever has been put in front of them. */
export interface FieldSetters {
  readonly setHeader: (this: ServerResponse, name: string, value: OutgoingHttpHeader) => unknown;
  readonly appendHeader: (this: ServerResponse, name: string, value: string | readonly string[]) => unknown;
  readonly removeHeader: (this: ServerResponse, name: string) => void;
}

/**
 * Does what `writeHead(status[, message][, fields])` says, but sends nothing: the fields are set like any others.
 * They come as an object, as a flat list of names and values, or as a list of pairs; in lists names may repeat.
 */
export function applyHead(response: ServerResponse, args: readonly unknown[], setters: FieldSetters): void {
  const [status, second, third] = args;
  response.statusCode = Number(status);
  if (typeof second === 'string') response.statusMessage = second;
  const fields = typeof second === 'string' ? third : (third ?? second);
  if (Array.isArray(fields)) applyList(response, fields.flat(isPairs(fields) ? 1 : 0), setters);
  else if (typeof fields === 'object' && fields !== null) applyObject(response, fields as OutgoingHttpHeaders, setters);
}

function isPairs(fields: readonly unknown[]): boolean {
  return Array.isArray(fields[0]);
}

function applyObject(response: ServerResponse, fields: OutgoingHttpHeaders, { setHeader }: FieldSetters): void {
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value !== undefined) setHeader.call(response, name, value);
  }
}

function applyList(response: ServerResponse, fields: readonly string[], setters: FieldSetters): void {
  const { appendHeader, removeHeader } = setters;
  for (let index = 0; index < fields.length; index += 2) removeHeader.call(response, fields[index] as string);
  for (let index = 0; index < fields.length; index += 2) {
    appendHeader.call(response, fields[index] as string, fields[index + 1] as string | readonly string[]);
  }
}

/** Puts the layer's own headers onto a head that is about to go out. */
export function applyMarks(response: ServerResponse, { fields, without }: Marks, setters: FieldSetters): void {
  for (const name of without) setters.removeHeader.call(response, name);
  for (const [name, value] of fields) setters.setHeader.call(response, name, value);
}
