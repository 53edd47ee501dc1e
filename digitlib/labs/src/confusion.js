// The confusion matrix as a table: rows for what a digit is, columns for what it was taken for.

import { make } from './dom.js';

export const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
export const many = (count) => count.toLocaleString('en-US');
export const a = (digit) => `${digit === 8 ? 'an' : 'a'} ${digit}`;

// `counts[is][takenFor]`; `content` gives what stands in a cell. Mistakes are shaded, on a scale of their own.
export function confusionTable(caption, counts, content) {
  const most = Math.max(...DIGITS.flatMap((is) => counts[is].filter((_, takenFor) => takenFor !== is)), 1);
  const cell = (is, takenFor) => {
    const count = counts[is][takenFor], made = make('td', {}, content(count, is, takenFor));
    made.className = is === takenFor ? 'lab-right' : count ? 'lab-wrong' : 'lab-none';
    made.style.setProperty('--lab-share', `${Math.round((35 * count) / most)}%`);
    return made;
  };
  return make('table', { className: 'lab-matrix' }, make('caption', {}, caption),
    make('thead', {}, make('tr', {}, make('td', {}),
      ...DIGITS.map((digit) => make('th', { scope: 'col' }, String(digit))))),
    make('tbody', {}, ...DIGITS.map((is) => make('tr', {}, make('th', { scope: 'row' }, String(is)),
      ...DIGITS.map((takenFor) => cell(is, takenFor))))));
}
