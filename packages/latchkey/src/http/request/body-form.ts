/**
 * Determines the form in which a request's body is compared.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { asBuffer } from '../../core/support/codec.ts';
import { joinParts } from '../../core/support/digest.ts';
import { isPlainJson } from '../../core/support/plain-json.ts';
import { codingsOf } from '../content-coding.ts';
import type { RequestBody } from '../exchange.ts';
import { type IgnoredMembers, isForm, isPartNamed, withoutEntries, withoutMembers } from './form-members.ts';
import { canonicalJson } from './json-canonical.ts';
import type { PointerTree } from './json-pointer.ts';
import { jsonText } from './json-text.ts';
import type { MediaType } from './media-type.ts';
import { splitMultipart } from './multipart.ts';

/** How a route compares bodies. */
export interface BodyRules {
  /** True to compare JSON by its bytes too. */
  readonly byBytes: boolean;
  readonly leftOut: PointerTree | undefined;
  readonly ignoredForm: IgnoredMembers | undefined;
  readonly maxRequestBytes: number;
}

/** The value to compare: a tag for the method of comparison, and a text that represents the content. */
export type BodyForm = readonly [tag: 'json' | 'multipart' | 'bytes' | 'coded' | 'value', content: string];

type ParsedBody = Extract<RequestBody, { kind: 'value' }>;

/** A form, or the reason why the body has no form. */
export type BodyReading = BodyForm | 'too-large' | 'consumed' | 'broken';

function digestOf(content: Uint8Array | string): string {
  return hash('sha256', content, 'base64url');
}

function multipartForm(bytes: Uint8Array, boundary: string, ignored?: IgnoredMembers): BodyForm | undefined {
  const pieces = splitMultipart(bytes, boundary);
  const compared = ignored === undefined ? pieces : pieces?.filter((piece) => !isPartNamed(piece, ignored.names));
  return compared && ['multipart', joinParts(compared.map(digestOf))];
}

/** Compares by bytes, without the ignored members. */
function urlEncodedForm(bytes: Uint8Array, { names }: IgnoredMembers): BodyForm {
  const rest = withoutMembers(asBuffer(bytes).toString('latin1'), names);
  return ['bytes', digestOf(Buffer.from(rest, 'latin1'))];
}

function plainForm(bytes: Uint8Array, mediaType: MediaType, rules: BodyRules): BodyForm {
  const { byBytes, leftOut, ignoredForm } = rules;
  if (mediaType.isJson) {
    const comparable = !byBytes && isUtf8(bytes);
    const canonical = comparable ? canonicalJson(asBuffer(bytes).toString(), leftOut) : undefined;
    return canonical === undefined ? ['bytes', digestOf(bytes)] : ['json', canonical];
  }
  const { essence, boundary } = mediaType;
  const ignored = ignoredForm !== undefined && isForm(essence) ? ignoredForm : undefined;
  if (boundary === undefined) return ignored ? urlEncodedForm(bytes, ignored) : ['bytes', digestOf(bytes)];
  // Without its boundary parameter, the media type would no longer distinguish two readings of the same bytes.
  return multipartForm(bytes, boundary, ignored) ?? ['bytes', joinParts([boundary, digestOf(bytes)])];
}

async function decodedForm(
  bytes: Uint8Array,
  mediaType: MediaType,
  codings: readonly string[],
  rules: BodyRules,
): Promise<BodyReading> {
  const { decodeContent } = await import('../decode-content.ts');
  const decoding = await decodeContent(bytes, codings, rules.maxRequestBytes);
  if (decoding.kind === 'too-large') return 'too-large';
  if (decoding.kind === 'decoded') return plainForm(decoding.bytes, mediaType, rules);
  return ['coded', joinParts([...codings, digestOf(bytes)])];
}

/**
 * The parsed body. Content that the parser dropped can't be compared. Multipart parsers put files elsewhere and leave
 * only the text here.
 */
function valueForm({ value, hasFiles }: ParsedBody, mediaType: MediaType, rules: BodyRules): BodyReading {
  if (value instanceof Uint8Array) return plainForm(value, mediaType, rules);
  if (typeof value === 'string' && !mediaType.isJson) return plainForm(Buffer.from(value), mediaType, rules);
  const { ignoredForm } = rules;
  if (mediaType.essence.startsWith('multipart/') && hasFiles !== false) return 'consumed';
  const ignored = ignoredForm !== undefined && isForm(mediaType.essence) ? ignoredForm : undefined;
  const text = jsonText(ignored ? withoutEntries(value, ignored.names) : value);
  if (text === undefined || !isPlainJson(value)) return 'consumed';
  const canonical = canonicalJson(text, ignored ? ignored.inValue : rules.leftOut);
  return canonical === undefined ? ['value', digestOf(text)] : ['json', canonical];
}

/**
 * Returns the form of a body: canonical JSON if that loses nothing, multipart without its boundary, and anything else
 * as decoded bytes. A body that is already parsed, without its bytes, is compared as the JSON of its value; values that
 * the parser merged or rounded then count as equal.
 *
 * @param contentEncoding - the lines of Content-Encoding.
 */
export function bodyForm(
  body: RequestBody,
  mediaType: MediaType,
  contentEncoding: readonly string[],
  rules: BodyRules,
): BodyReading | Promise<BodyReading> {
  if (body.kind === 'value') return valueForm(body, mediaType, rules);
  if (body.kind !== 'bytes') return body.kind;
  if (body.bytes.length > rules.maxRequestBytes) return 'too-large';
  if (contentEncoding.length === 0) return plainForm(body.bytes, mediaType, rules);
  const codings = codingsOf(contentEncoding);
  if (codings.length === 0) return plainForm(body.bytes, mediaType, rules);
  return decodedForm(body.bytes, mediaType, codings, rules);
}
