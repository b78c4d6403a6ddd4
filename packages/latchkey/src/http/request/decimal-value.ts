/**
 * The exact value of a decimal numeral with any number of digits.
 *
 * @module
 */

const isZero = (digits: string, at: number) => digits.charCodeAt(at) === 0x30;

/** Position of the exponent's letter; past the end if there is no exponent. */
function endOfMantissa(numeral: string): number {
  let at = numeral.indexOf('e');
  if (at < 0) at = numeral.indexOf('E');
  return at < 0 ? numeral.length : at;
}

/**
 * Returns a JSON numeral as its digits, without leading and trailing zeros, followed by the power of ten: numerals of
 * the same value give the same text. Written without regular expressions, since it runs for each number of a body and a
 * pattern such as `/0+$/` takes quadratic time.
 *
 * @example
 * ```ts
 * decimalValue('-10.50E3') // '-105e2'
 * ```
 */
export function decimalValue(numeral: string): string {
  const sign = numeral.startsWith('-') ? '-' : '';
  const exponentAt = endOfMantissa(numeral);
  const point = numeral.indexOf('.');
  const wholeEnd = point < 0 ? exponentAt : point;
  const digits = numeral.slice(sign.length, wholeEnd) + numeral.slice(wholeEnd + 1, exponentAt);
  let start = 0;
  while (isZero(digits, start)) start += 1;
  if (start === digits.length) return '0';
  let end = digits.length;
  while (isZero(digits, end - 1)) end -= 1;
  const fraction = point < 0 ? 0 : exponentAt - point - 1;
  const power = Number(numeral.slice(exponentAt + 1)) - fraction + digits.length - end;
  return `${sign}${digits.slice(start, end)}e${power}`;
}
