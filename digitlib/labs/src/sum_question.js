// "Work it out yourself": a part of a patch and of a filter, rounded so that the sum can be done by hand, and a verdict
// that knows the usual slips.

import { button, make } from './dom.js';
import { NumberTable, shown, signed, whole } from './number_table.js';
import { rangeOf } from './paint.js';

const SIDE = 3;
const TOLERANCE = 2; // hundredths

const tenth = (value) => shown(value / 10, 1);
const hundredths = (value) => shown(value / 100, 2);
const bracketed = (text) => (text.startsWith('−') ? `(${text})` : text);
const total = (values) => values.reduce((sum, value) => sum + value, 0);

// `ask()` shows the question anew, `otherSums()` gives sums that the reader may have worked out instead of the one
// asked for, each [hundredths, what it is], and `another()` goes to another pixel.
export class SumQuestion {
  constructor({ ask, otherSums, another }) {
    this.answer = make('input', { type: 'text', autocomplete: 'off', size: 7 });
    this.tables = make('div', { className: 'lab-calculation' });
    this.solution = make('p', { className: 'lab-solution' });
    this.rounded = make('p', { className: 'lab-muted' });
    const check = (event) => {
      event.preventDefault();
      this.verdict = this.judged(otherSums());
      ask();
    };
    const solve = () => {
      this.solution.textContent = inFull(this.part);
      ask();
    };
    this.element = make('div', { className: 'lab-question', hidden: true },
      make('form', { className: 'lab-row', onsubmit: check },
        make('label', {}, make('span', {}, 'Sum of the products'), this.answer),
        make('button', { type: 'submit', className: 'lab-button' }, 'Check'),
        button('Show the solution', solve), button('Another pixel', another)),
      this.solution, this.tables, this.rounded);
  }

  forget() {
    this.answer.value = this.solution.textContent = '';
    this.verdict = null;
  }

  // Show what to multiply; returns what to say: the verdict, or the question.
  show(explained, channel, ink) {
    const part = middlePart(explained, channel), [rows, columns, channels] = explained.shape;
    this.part = part;
    const table = (caption, values, settings) =>
      new NumberTable([part.height, part.width]).show({ caption, values, text: tenth, ...settings }).element;
    const place = { top: part.top, left: part.left };
    const tint = ink ? { ink, range: { size: 10 } } : { range: rangeOf(part.patch) };
    this.tables.replaceChildren(
      table('Patch', part.patch, { ...place, ...tint }),
      signed('×', table('Filter', part.filter, { top: part.down, left: part.across })));
    if (this.solution.textContent)
      this.tables.append(signed('=', table('Products', part.products, { ...place, text: hundredths })));
    const which = channels > 1 ? ` of channel ${channel}` : '';
    const where = `${part.height} × ${part.width} of ${rows} × ${columns}${which}`;
    this.rounded.textContent = `To be done by hand, this is only the middle of the patch, ${where}, ` +
      'and patch and filter are rounded to one decimal. ' +
      'So the sum is not the map’s value. An answer may be off by 0.02.';
    return this.verdict ?? `what is the sum of the ${part.products.length} products?`;
  }

  judged(others) {
    const text = this.answer.value.trim().replace('−', '-').replace(',', '.'), answer = Number(text);
    if (!text || !Number.isFinite(answer)) return 'write your sum as a number, such as −0.42.';
    return verdictOn(answer, this.part, others);
  }
}

// The middle of one channel, 3 × 3. Patch and filter are counted in tenths and products in hundredths: whole numbers,
// so that the sum is exact.
export function middlePart({ patch, filter, shape: [rows, columns, channels], top, left }, channel) {
  const height = Math.min(rows, SIDE), width = Math.min(columns, SIDE);
  const down = (rows - height) >> 1, across = (columns - width) >> 1;
  const tenths = (values) => Array.from({ length: height * width }, (_, i) => {
    const place = (down + Math.floor(i / width)) * columns + across + (i % width);
    return Math.round(10 * values[place * channels + channel]) || 0; // never −0
  });
  const x = tenths(patch), w = tenths(filter), products = x.map((value, i) => value * w[i] || 0);
  return {
    height, width, down, across, top: top + down, left: left + across,
    patch: x, filter: w, products, sum: total(products),
  };
}

// There should be something to multiply.
export const isWorthAsking = ({ products, sum }) => sum !== 0 && products.filter(Boolean).length >= 4;

function inFull({ patch, filter, products, sum }) {
  const factors = products.map((product, i) => product && `${tenth(patch[i])} · ${bracketed(tenth(filter[i]))}`);
  return `${factors.filter(Boolean).join(' + ') || 'All products are 0: the sum'} = ${hundredths(sum)}`;
}

function verdictOn(answer, part, others) {
  const given = 100 * answer, { sum } = part;
  if (Math.abs(given - sum) <= TOLERANCE + 1e-9) return `right, the sum is ${hundredths(sum)}.`;
  const [, hint] = [...slips(part), ...others].find(([value]) => Math.abs(given - value) < 0.6) ??
    [0, `The sum is ${given < sum ? 'larger' : 'smaller'}. Do one row after the other, and mind the signs.`];
  return `not yet. ${hint}`;
}

// Each slip's result, and what to say to it; the likeliest first.
function slips({ height, width, top, left, patch, filter, products, sum }) {
  const place = (i) => `row ${whole(top + Math.floor(i / width))}, column ${whole(left + (i % width))}`;
  const without = (among) => sum - total(products.filter((_, i) => among(i)));
  return [
    [-sum, 'The size is right, but the sign is not.'],
    [sum / products.length, 'That is the mean of the products. A convolution adds up and does not divide.'],
    [total(products.map(Math.abs)), 'You left out the minus signs of the filter.'],
    ...Array.from({ length: height }, (_, i) =>
      [without((at) => Math.floor(at / width) === i), `Row ${whole(top + i)} is missing in your sum.`]),
    ...Array.from({ length: width }, (_, j) =>
      [without((at) => at % width === j), `Column ${whole(left + j)} is missing in your sum.`]),
    [total(patch) * 10, 'That is the sum of the patch alone. First multiply each number by its weight.'],
    [total(patch.map((x, i) => x * filter.at(-1 - i))), 'You turned the filter round. Lay it on the patch as it is.'],
    ...[10, 0.1, 100, 0.01].map((factor) =>
      [sum * factor, 'The digits are right, but the point is not: a tenth times a tenth is a hundredth.']),
    ...products.map((product, i) => [sum - 2 * product, `One product may have the wrong sign: that in ${place(i)}.`]),
    ...products.map((product, i) => [sum - product, `One product may be missing: that in ${place(i)}.`]),
  ];
}
