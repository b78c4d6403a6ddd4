/**
 * Headers of a `node:http` response: which were set, and when.
 *
 * @module
 */

import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Header, Marks } from '../../http/exchange.ts';

/** The headers at one moment, by lower-case name. */
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

/** The headers that are there now and were not, or not with this value, at the moment of the snapshot. */
export function headersSetSince(response: ServerResponse & Partial<OutgoingNames>, before: HeaderSnapshot): Header[] {
  const headers: Header[] = [];
  for (const name of response.getRawHeaderNames?.() ?? response.getHeaderNames()) {
    addHeader(headers, name, response.getHeader(name), before[name.toLowerCase()]);
  }
  return headers;
}

function addHeader(
  headers: Header[],
  name: string,
  value: OutgoingHttpHeader | undefined,
  before: OutgoingHttpHeader | undefined,
): void {
  if (value === undefined || isSame(value, before)) return;
  if (Array.isArray(value)) for (const line of value) headers.push([name, line]);
  else headers.push([name, String(value)]);
}

/**
 * The same for the object that is about to be the whole head of a response, at a quarter of the cost. Undefined if one
 * of its names could stand for another in other letter case, or if there are other headers.
 */
export function headersOfHead(response: ServerResponse, head: unknown, before: HeaderSnapshot): Header[] | undefined {
  if (typeof head !== 'object' || head === null || Array.isArray(head)) return undefined;
  if (response.getHeaderNames().length > 0) return undefined;
  const given = head as OutgoingHttpHeaders;
  const headers: Header[] = [];
  for (const name of Object.keys(given)) {
    if (name !== name.toLowerCase()) return undefined;
    addHeader(headers, name, given[name], before[name]);
  }
  return headers;
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

/** The functions of a response that change its headers, whatever has been put in front of them. */
export interface HeaderSetters {
  readonly setHeader: (this: ServerResponse, name: string, value: OutgoingHttpHeader) => unknown;
  readonly appendHeader: (this: ServerResponse, name: string, value: string | readonly string[]) => unknown;
  readonly removeHeader: (this: ServerResponse, name: string) => void;
}

/**
 * Does what `writeHead(status[, message][, headers])` says, but sends nothing: the headers are set like any others.
 * They come as an object, as a flat list of names and values, or as a list of pairs; in lists names may repeat.
 */
export function applyHead(response: ServerResponse, args: readonly unknown[], setters: HeaderSetters): void {
  const [status, second, third] = args;
  response.statusCode = Number(status);
  if (typeof second === 'string') response.statusMessage = second;
  const headers = typeof second === 'string' ? third : (third ?? second);
  if (Array.isArray(headers)) applyList(response, headers.flat(isPairs(headers) ? 1 : 0), setters);
  else if (typeof headers === 'object' && headers !== null)
    applyObject(response, headers as OutgoingHttpHeaders, setters);
}

function isPairs(headers: readonly unknown[]): boolean {
  return Array.isArray(headers[0]);
}

function applyObject(response: ServerResponse, headers: OutgoingHttpHeaders, { setHeader }: HeaderSetters): void {
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined) setHeader.call(response, name, value);
  }
}

function applyList(response: ServerResponse, headers: readonly string[], setters: HeaderSetters): void {
  const { appendHeader, removeHeader } = setters;
  for (let index = 0; index < headers.length; index += 2) removeHeader.call(response, headers[index] as string);
  for (let index = 0; index < headers.length; index += 2) {
    appendHeader.call(response, headers[index] as string, headers[index + 1] as string | readonly string[]);
  }
}

/** Puts the layer's own headers onto a head that is about to go out. */
export function applyMarks(response: ServerResponse, { headers, without }: Marks, setters: HeaderSetters): void {
  for (const name of without) setters.removeHeader.call(response, name);
  for (const [name, value] of headers) setters.setHeader.call(response, name, value);
}
