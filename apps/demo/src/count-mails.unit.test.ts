import { expect, it } from 'vitest';
import { countBySubject } from './count-mails.js';

it('counts mails that differ in numbers only as one kind', () => {
  expect(countBySubject(['Order 1 shipped', 'Order 1 confirmed', 'Order 12 confirmed'])).toEqual([
    '1 × Order … shipped',
    '2 × Order … confirmed',
  ]);
});

it('says so when there are none', () => {
  expect(countBySubject([])).toEqual(['none']);
});
