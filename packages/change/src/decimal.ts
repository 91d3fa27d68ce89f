const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;
/** Maximum number of digits without an exponent: more than any double has. */
const LONGEST_PLAIN = 400;

/**
 * Canonical text of a decimal number: `1`, `1.00` and `1e+00` become `1`. Other texts (`NaN`, `Infinity`) stay unchanged.
 */
export function decimalText(text: string): string {
  const match = DECIMAL.exec(text);
  if (!match) return text;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const significant = (whole + fraction).replace(/^0+/, '');
  if (significant === '') return '0';
  const digits = significant.replace(/0+$/, '');
  // Position of the decimal point, counted from the first significant digit.
  const point = whole.length + Number(exponent) - (whole.length + fraction.length - significant.length);
  const minus = sign === '-' ? '-' : '';
  if (Math.max(point, digits.length, digits.length - point) > LONGEST_PLAIN)
    return `${minus}${digits}e${point}`;
  if (point >= digits.length) return `${minus}${digits}${'0'.repeat(point - digits.length)}`;
  if (point > 0) return `${minus}${digits.slice(0, point)}.${digits.slice(point)}`;
  return `${minus}0.${'0'.repeat(-point)}${digits}`;
}
