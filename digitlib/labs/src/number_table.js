// Numbers as a table that screen readers can read, its cells tinted by their values.

import { make } from './dom.js';
import { cellColours, rangeOf } from './paint.js';

// "−1.284"; an exact 0 is just "0".
export function shown(value, decimals = 3) {
  if (value === 0) return '0';
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) ? `−${text}` : text;
}

// A whole number with a real minus.
export const whole = (value) => String(value).replace('-', '−');

// A scale with 0 in its middle, whatever the signs of the values.
export const bothSigns = (values) => ({ ...rangeOf(values), negative: true });

// A table with the sign that stands before it; captions and cells say the same in words.
export const signed = (sign, table) =>
  make('div', { className: 'lab-signed' }, make('span', { 'aria-hidden': 'true' }, sign), table);

export class NumberTable {
  constructor([rows, columns]) {
    this.caption = make('caption');
    this.across = Array.from({ length: columns }, () => make('th', { scope: 'col' }));
    this.down = Array.from({ length: rows }, () => make('th', { scope: 'row' }));
    this.cells = Array.from({ length: rows * columns }, () => make('td'));
    this.element = make('table', { className: 'lab-numbers' }, this.caption,
      make('thead', {}, make('tr', {}, make('td'), ...this.across)),
      make('tbody', {}, ...this.down.map((head, i) =>
        make('tr', {}, head, ...this.cells.slice(i * columns, (i + 1) * columns)))));
  }

  // Rows and columns are numbered from `top` and `left`. `text` writes a value; `range` and `ink` make its tint.
  show({ caption, top = 0, left = 0, values, range = bothSigns(values), ink = false, text = (v) => shown(v) }) {
    this.caption.textContent = caption;
    this.across.forEach((head, j) => { head.textContent = whole(left + j); });
    this.down.forEach((head, i) => { head.textContent = whole(top + i); });
    this.cells.forEach((cell, i) => {
      this.write(cell, values[i], text(values[i], i));
      Object.assign(cell.style, cellColours(values[i], range, ink));
    });
    return this;
  }

  write(cell, value, text) {
    cell.textContent = text;
  }
}

// The same with cells to write into: `onedit(cell, value)` gets each number that was entered, if its size is at most
// `largest`.
export class EditableTable extends NumberTable {
  constructor([rows, columns], largest, onedit) {
    super([rows, columns]);
    this.inputs = this.cells.map((cell, i) => {
      const input = make('input', {
        type: 'number', step: 0.1, min: -largest, max: largest,
        'aria-label': `Weight in row ${Math.floor(i / columns)}, column ${i % columns}`,
      });
      const good = () => input.value !== '' && Math.abs(Number(input.value)) <= largest;
      input.addEventListener('input', () => {
        input.setAttribute('aria-invalid', String(!good()));
        if (good()) onedit(i, Number(input.value));
      });
      input.addEventListener('blur', () => { // what is no number is forgotten
        if (!good()) input.value = this.last[i];
        input.setAttribute('aria-invalid', 'false');
      });
      cell.append(input);
      return input;
    });
    this.last = [];
  }

  write(cell, value) {
    const i = this.cells.indexOf(cell), input = this.inputs[i];
    this.last[i] = String(Number(value.toFixed(3)));
    if (input !== document.activeElement) input.value = this.last[i]; // never under the reader's fingers
  }
}
