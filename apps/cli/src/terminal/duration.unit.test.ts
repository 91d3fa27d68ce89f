import { expect, it } from 'vitest';
import { durationText } from './duration.js';

it.each([
  [0, '0 s'],
  [0.44, '0.4 s'],
  [9.96, '10 s'],
  [12.4, '12 s'],
  [60, '1 min'],
  [200, '3 min 20 s'],
  [3600, '1 h'],
  [7500, '2 h 5 min'],
  [7199.4, '1 h 59 min'],
  [356_400, '4 d 3 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
