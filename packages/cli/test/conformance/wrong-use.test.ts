import { expect, it } from 'vitest';
import { runCli } from '../run-cli.ts';

const wrong: Readonly<Record<string, readonly [args: readonly string[], message: string]>> = {
  'a target that is no URL': [['charges'], 'The target must be an http or https URL'],
  'credentials in the URL': [['http://me:secret@localhost/'], 'must not contain credentials'],
  'an unknown row': [['http://localhost/', '--rows', 'R999'], 'There is no row R999'],
  'an unknown variant': [['http://localhost/', '--variant', 'fast={}'], '"fast" is no variant'],
  'an unknown member of a variant': [['http://localhost/', '--variant', 'slow={"url":"x"}'], 'unknown member "url"'],
  'a header without a colon': [['http://localhost/', '--header', 'X'], '--header must be "Name: value"'],
  'a missing file': [['http://localhost/', '--body', '@/nowhere'], '--body: cannot read the file /nowhere'],
  'two counters': [['http://localhost/', '--count-url', 'http://localhost/', '--execution-id', '/id'], 'not both'],
  'a kill command alone': [['http://localhost/', '--kill-command', 'true'], '--kill-command needs --start-command'],
  'an unknown profile': [['http://localhost/', '--profile', 'paypal'], 'Allowed choices are ietf, stripe, acp, ucp'],
  'a header that HTTP forbids': [['http://localhost/', '--header', 'X: €'], 'The header X of the request'],
  'a method that HTTP forbids': [['http://localhost/', '--method', 'FOO BAR'], 'The method of the request'],
  'a variant without a URL': [['http://localhost/', '--variant', 'slow={"path":"http://["}'], 'path of the variant'],
  'a variant at a file': [['http://localhost/', '--variant', 'slow={"path":"file:///etc"}'], 'http or https URL'],
  'a wait that no timer can have': [['http://localhost/', '--timeout', '60d'], 'It must be at most 24d'],
  'keys that are too short': [['http://localhost/', '--max-key-length', '35'], 'have 36 characters'],
  'an id without a slash': [['http://localhost/', '--execution-id', 'id'], '--execution-id must be a JSON Pointer'],
  'a member without a slash': [['http://localhost/', '--ignore', 'amount'], '--ignore must be a JSON Pointer'],
  'a report in a missing folder': [['http://localhost/', '--html', '/nowhere/r.html'], '--html: cannot write'],
  'a name that may be of another machine': [['http://api.localhost/'], 'is not this machine'],
  'a word for a number': [['http://localhost/', '--max-requests', 'many'], 'It must be an integer of at least 1.'],
};

it.each(Object.entries(wrong))('the exit code is 2 for %s', async (_, [args, message]) => {
  const { code, stderr } = await runCli(['conformance', ...args]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});
