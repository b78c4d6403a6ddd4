/**
 * Text for a terminal. Stored strings come from clients, so they may contain control characters.
 *
 * @module
 */

import { styleText } from 'node:util';
import type { Output } from '../invocation.ts';

/** Control and format characters: escape sequences, changes of the text's direction, invisible characters. */
const obeyed = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** The text on one line, with control and format characters as escape codes. */
export function printable(text: string): string {
  return text.replace(obeyed, escaped);
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Bytes as text, or their number if they are not UTF-8. */
export function bytesAsText(bytes: Uint8Array): string {
  try {
    return printableLines(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return `(${bytes.length} bytes that are not text)`;
  }
}

/** Text in a style if the stream is a terminal with colours. */
export function styled(stream: Output, style: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string): string {
  return styleText(style, text, { stream });
}

/** JSON with control and format characters as escape codes; bytes are base64. */
export function jsonText(value: unknown): string {
  const json = JSON.stringify(value, (_, member) => (member instanceof Uint8Array ? base64(member) : member), 2);
  // Line breaks only stand between members here: inside strings they are escaped.
  return json
    .split('\n')
    .map((line) => line.replace(obeyed, jsonEscaped))
    .join('\n');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function jsonEscaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/**
 * Hides the user and the password of each URL in a text. A password may contain any character, so what is hidden ends
 * at the last `@` of the line.
 */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/:\/\/.*@/g, '://***@');
}
