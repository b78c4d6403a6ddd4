/** Which stores' suites run: `LATCHKEY_TEST_STORES=redis,postgres` names them; all if it is not set. */

const names = process.env['LATCHKEY_TEST_STORES']?.split(',').map((name) => name.trim());

export function isSelected(store: string): boolean {
  return names === undefined || names.includes(store);
}
