import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { errorCodes } from '../../src/core/errors.ts';

/** Codes that only warnings and the log use. */
const warnings = [
  'come-back-kept',
  'failure-kept',
  'key-misnamed',
  'message-failed',
  'not-final-answer',
  'request-not-saved',
  'transport-unsupported',
];

it('every error code has its section, and no section is without a code', async () => {
  const page = await readFile(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
  const sections = Array.from(page.matchAll(/^## (.+)$/gm), ([, title]) => title);
  expect(sections).toEqual([...errorCodes, ...warnings].sort());
});
