/** The stores whose suites run: those in `LATCHKEY_TEST_STORES=redis,postgres`, or all if it is not set. */

const names = process.env['LATCHKEY_TEST_STORES']?.split(',').map((name) => name.trim());

export function isSelected(store: string): boolean {
  return names === undefined || names.includes(store);
}
