const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;
/** More digits than any double has. A longer number is written with an exponent. */
const LONGEST_PLAIN = 400;

/**
 * One text for a decimal number, however it is spelt: `1`, `1.00` and `1e+00` are `1`. Other words (`NaN`, `Infinity`) stay.
 */
export function decimalText(text: string): string {
  const match = DECIMAL.exec(text);
  if (!match) return text;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const significant = (whole + fraction).replace(/^0+/, '');
  if (significant === '') return '0';
  const digits = significant.replace(/0+$/, '');
  // Where the point stands, counted from the first of the digits.
  const point = whole.length + Number(exponent) - (whole.length + fraction.length - significant.length);
  const minus = sign === '-' ? '-' : '';
  if (Math.max(point, digits.length, digits.length - point) > LONGEST_PLAIN)
    return `${minus}${digits}e${point}`;
  if (point >= digits.length) return `${minus}${digits}${'0'.repeat(point - digits.length)}`;
  if (point > 0) return `${minus}${digits.slice(0, point)}.${digits.slice(point)}`;
  return `${minus}0.${'0'.repeat(-point)}${digits}`;
}
