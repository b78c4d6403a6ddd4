import { badParameter } from './stripe-error.ts';

const maxEntries = 50;
const maxNameLength = 40;
const maxValueLength = 500;

/**
 * Reads `metadata[order]=7` of a form, or `{"metadata": {"order": "7"}}` of a JSON body.
 *
 * @throws StripeError 400 unless it is a few short strings with short names.
 */
export function parseMetadata(parameters: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = [...entriesOfForm(parameters), ...entriesOfJson(parameters['metadata'])];
  if (entries.length > maxEntries) throw invalid(`metadata may have ${maxEntries} entries at most.`);
  return Object.fromEntries(entries.map(([name, value]) => [parseName(name), parseValue(value)]));
}

function entriesOfForm(parameters: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(parameters).flatMap(([parameter, value]) => {
    const name = /^metadata\[(.*)\]$/s.exec(parameter)?.[1];
    return name === undefined ? [] : [[name, value]];
  });
}

function entriesOfJson(value: unknown): [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value);
  throw invalid('metadata must be a set of names and texts.');
}

function parseName(name: string): string {
  if (name.length >= 1 && name.length <= maxNameLength && !/[[\]]/.test(name)) return name;
  throw invalid(`A name in metadata has 1 to ${maxNameLength} characters and no square brackets.`);
}

function parseValue(value: unknown): string {
  if (typeof value === 'string' && value.length <= maxValueLength) return value;
  throw invalid(`A value in metadata must be a text of at most ${maxValueLength} characters.`);
}

function invalid(message: string) {
  return badParameter('metadata', 'parameter_invalid_string', message);
}
