// Ten probabilities as a table with bars, and how an answer is put into words.

import { make } from './dom.js';

export const percent = (p) => {
  const tenths = Math.round(1000 * p);
  if (tenths > 0 && tenths < 1000) return `${tenths >= 100 && tenths <= 990 ? Math.round(100 * p) : (tenths / 10).toFixed(1)} %`;
  return p > 0.5 ? 'over 99.9 %' : 'under 0.1 %'; // never 0 or 100: a network is never quite sure
};

export const topOf = (probabilities) => probabilities.indexOf(Math.max(...probabilities));

// "7 (98 %)"
export const inShort = (probabilities) => `${topOf(probabilities)} (${percent(probabilities[topOf(probabilities)])})`;

// "That is a 7: 98 %. Next comes 1: 1.4 %." The next is left out where it hardly counts.
export function inWords(probabilities) {
  const [first, second] = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const answer = `That is ${first === 8 ? 'an' : 'a'} ${first}: ${percent(probabilities[first])}.`;
  return probabilities[second] < 0.001 ? answer : `${answer} Next comes ${second}: ${percent(probabilities[second])}.`;
}

export class Bars {
  constructor() {
    this.rows = Array.from({ length: 10 }, (_, digit) => {
      const bar = make('span', { className: 'lab-bar' }), text = make('span', { className: 'lab-bar-text' });
      const track = make('span', { className: 'lab-track' }, bar);
      return { row: make('li', {}, make('b', {}, String(digit)), track, text), bar, text };
    });
    this.element = make('div', {}, make('p', { className: 'lab-muted' }, 'How likely each digit is, says the network:'),
      make('ul', { className: 'lab-bars' }, ...this.rows.map(({ row }) => row)));
  }

  // Ten numbers, or null where there is nothing to judge.
  show(probabilities) {
    const top = probabilities && topOf(probabilities);
    this.rows.forEach(({ row, bar, text }, digit) => {
      const p = probabilities ? probabilities[digit] : 0;
      bar.style.width = `${100 * p}%`;
      text.textContent = probabilities ? percent(p) : '–';
      row.classList.toggle('lab-top', digit === top);
    });
  }
}
