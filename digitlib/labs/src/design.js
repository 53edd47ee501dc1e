// Lab "Design a filter": find the 3 × 3 filter that makes a wanted map.

import { button, checkbox, choice, make, table } from './dom.js';
import { cutPatch, run, tensor, windows } from './engine.js';
import { FramedPicture, PixelPicker } from './framed.js';
import { lab, numberIn, oneOf } from './lab.js';
import { short } from './maps.js';
import { readTensors } from './network.js';
import { bothSigns, EditableTable, NumberTable, shown } from './number_table.js';
import { paintInk, paintMaps, rangeOf } from './paint.js';
import { givenPuzzle, PUZZLES } from './puzzles.js';

const SIDES = [3, 3], PIXELS = 28 * 28;
const LARGEST_WEIGHT = 5;
const SAME = 0.01; // of the largest wanted value: no pixel of a solution differs by more
const EXAMPLES = 3; // of each class in the file; the first is taken
const FIRST_DIGIT = 4;
const NOTHING = Array(9).fill(0);
const COUNTED = 'Closeness is 1 − (the squares of the difference map, added up) / (the squares of the wanted map, added up). ' +
  'A filter twice as large makes the same picture, so your map is first multiplied by the factor that brings it nearest, ' +
  'but never by one below 0. A puzzle is solved when no pixel differs by more than a hundredth of the largest wanted value.';
const SETTINGS = { kernel_size: SIDES, strides: [1, 1], padding: 'same' };

export default lab('design', async (frame) => {
  const digits = readTensors(await frame.file('lab-digits.safetensors')).tensors.images.data;
  new Designer(frame, digits, await frame.kept('labs', 'design'));
});

class Designer {
  constructor(frame, digits, kept) {
    const { image, targets } = frame.settings;
    this.frame = frame;
    this.digits = digits;
    this.given = image ? Uint8Array.from(image) : null;
    this.puzzles = targets ? targets.map(([name, filter]) => givenPuzzle(name, filter)) : PUZZLES;
    this.filters = this.puzzles.map(() => NOTHING); // what the reader made, puzzle by puzzle
    this.hints = this.puzzles.map(() => 0); // how many are shown
    this.solved = this.puzzles.map(() => false);
    this.at = 0;
    this.picture = this.given ? 'given' : FIRST_DIGIT;
    this.relu = false;
    this.row = this.column = 13;
    this.own = !targets; // only the lab's own puzzles are kept for the next time
    if (this.own && kept) this.takeUp(kept);
    this.build();
    frame.restore((state) => this.restore(state));
    this.show();
  }

  get puzzle() {
    return this.puzzles[this.at];
  }

  get pixels() {
    const start = PIXELS * EXAMPLES * this.picture;
    return this.picture === 'given' ? this.given : this.digits.subarray(start, start + PIXELS);
  }

  // ----------------------------------------------------------------------------------------------- linkable state
  share() {
    return { puzzle: this.puzzle.name, filter: this.filters[this.at], relu: this.relu, picture: this.picture };
  }

  restore({ puzzle, filter, relu, picture }) {
    const at = this.puzzles.findIndex(({ name }) => name === puzzle);
    if (at < 0) throw new Error(`there is no puzzle ${JSON.stringify(puzzle)} here.`);
    checkFilter(filter);
    oneOf(relu, [true, false], 'ReLU');
    oneOf(picture, this.pictureNames().map(([key]) => key), 'the picture');
    this.filters[at] = filter;
    Object.assign(this, { at, relu, picture });
  }

  // What was kept, where it fits; it may have been tampered with.
  takeUp(kept) {
    this.puzzles.forEach(({ name }, i) => {
      try {
        const { filter, solved } = kept[nameOfPart(name)];
        checkFilter(filter);
        [this.filters[i], this.solved[i]] = [filter, solved === true];
      } catch { /* then this puzzle begins anew */ }
    });
  }

  keep() {
    if (!this.own) return;
    const parts = this.puzzles.map(({ name }, i) => [nameOfPart(name), { filter: this.filters[i], solved: this.solved[i] }]);
    this.frame.keep('labs', 'design', Object.fromEntries(parts));
  }

  // ------------------------------------------------------------------------------------------------- the elements
  pictureNames() {
    const examples = Array.from({ length: 10 }, (_, digit) => [digit, `example: a ${digit}`]);
    return [...(this.given ? [['given', 'the given one']] : []), ...examples];
  }

  build() {
    this.choice = choice('Puzzle', this.puzzles.map(({ name }, i) => [i, name]), 0, (i) => this.go(Number(i)));
    this.pictures = choice('Picture', this.pictureNames(), this.picture, (key) => {
      this.picture = key === 'given' ? key : Number(key);
      this.show();
    });
    this.reluBox = checkbox('ReLU: what is below zero becomes zero', false, (on) => { this.relu = on; this.show(); });
    this.asks = make('p', { className: 'lab-asks' });

    this.source = figure(new FramedPicture());
    this.source.picture.canvas.width = this.source.picture.canvas.height = 28;
    this.wanted = figure(new PixelPicker((row, column) => { Object.assign(this, { row, column }); this.showPixel(); }));
    this.wanted.picture.hint.textContent = 'Point at a pixel of the wanted map, or use the arrow keys there.';
    this.made = figure(new FramedPicture());
    this.difference = figure(new FramedPicture());

    this.editor = new WeightTable((i, weight) => {
      this.setFilter(this.filters[this.at].map((old, at) => (at === i ? weight : old)));
    });
    this.bar = make('span', { className: 'lab-bar' });
    this.scale = make('p', { className: 'lab-muted' });
    this.hintButton = button('', () => { this.hints[this.at]++; this.showHints(); this.hintList.lastChild.focus(); });
    this.hintList = make('div', { className: 'lab-hints' });

    this.patch = new NumberTable(SIDES);
    this.sums = make('div');
    this.frame.body.append(
      make('div', { className: 'lab-row' }, this.choice.element, this.pictures.element, this.reluBox.element),
      this.asks,
      make('div', { className: 'lab-four' },
        ...[this.source, this.wanted, this.made, this.difference].map(({ element }) => element)),
      this.scale, this.frame.status, make('div', { className: 'lab-meter', 'aria-hidden': 'true' }, this.bar),
      make('div', { className: 'lab-columns' },
        make('div', {}, make('p', { className: 'lab-title' }, 'Your filter'), this.editor.element,
          make('p', { className: 'lab-hint' }, `Nine weights from −${LARGEST_WEIGHT} to ${LARGEST_WEIGHT}. With keys: ` +
            'arrow up and down change a weight by 1, or type a number.'),
          make('div', { className: 'lab-row' },
            button('All to 0', () => this.setFilter(NOTHING)),
            button('Next puzzle', () => this.go((this.at + 1) % this.puzzles.length)))),
        make('div', {}, make('p', { className: 'lab-title' }, 'Hints'), this.hintList, this.hintButton,
          make('details', {}, make('summary', {}, 'How closeness is counted'), make('p', {}, COUNTED)))),
      make('p', { className: 'lab-title' }, 'One pixel, in numbers'), this.wanted.picture.hint,
      make('div', { className: 'lab-pixel' }, this.patch.element, this.sums),
      make('div', { className: 'lab-row' }, this.frame.linkButton(() => this.share())),
    );
  }

  go(at) {
    this.at = at;
    this.show();
  }

  setFilter(filter) {
    this.filters[this.at] = filter;
    this.show();
    this.keep();
  }

  // ------------------------------------------------------------------------------------------------------ showing
  show() {
    const { puzzle, relu, pixels } = this, filter = this.filters[this.at];
    this.input = tensor([28, 28, 1], Float32Array.from(pixels, (value) => value / 255));
    this.maps = compared(mapOf(this.input, puzzle.filter, relu), mapOf(this.input, filter, relu));
    if (this.maps.same) this.solved[this.at] = true;
    this.choice.select.value = this.at;
    [...this.choice.select.options].forEach((option, i) => {
      option.textContent = `${i + 1}. ${this.puzzles[i].name}${this.solved[i] ? ' ✓ solved' : ''}`;
    });
    this.pictures.select.value = this.picture;
    this.reluBox.input.checked = relu;
    this.asks.textContent = `Wanted: ${puzzle.asks}`;
    this.editor.show({
      caption: 'Laid on each patch, number by number', values: filter, range: bothSigns([...filter, 1]),
    });
    this.showMaps();
    this.showPixel();
    this.showHints();
    this.bar.style.width = `${100 * this.maps.closeness}%`;
    this.frame.say(`${puzzle.name}: ${inWords(this.maps, relu)}`);
  }

  showMaps() {
    const { wanted, made, rest, factor } = this.maps, negative = !this.relu, scale = rangeOf(wanted.data);
    const paint = ({ picture: { canvas } }, map, common) => paintMaps(canvas, map, { common });
    paintInk(this.source.picture.canvas, this.pixels);
    paint(this.wanted, wanted, { ...scale, negative });
    paint(this.made, made, { ...rangeOf(made.data), negative });
    paint(this.difference, rest, { ...scale, negative: true });
    const say = ({ picture, text }, name, data, label = '') => {
      picture.name(`${name}${label}`);
      text.replaceChildren(make('b', {}, name), ` ${span(data)}`);
    };
    say(this.source, 'The digit', this.input.data, ', with the patch framed');
    say(this.wanted, 'Wanted map', wanted.data, `: ${this.puzzle.asks}`);
    say(this.made, 'Your map', made.data);
    say(this.difference, 'Difference', rest.data);
    this.scale.textContent = (negative ? 'In the maps bright is above 0, dark below 0, and 0 is the colour between. '
      : 'In the two maps 0 is the darkest colour; in the difference it lies between bright and dark. ') +
      `The difference is the wanted map − ${short(factor)} × yours, on the wanted map’s scale.`;
  }

  showPixel() {
    const { row, column, relu } = this, { wanted, made, rest, factor } = this.maps, at = row * 28 + column;
    const patch = cutPatch(this.input, windows(this.input, SIDES, SETTINGS), row, column, new Float32Array(9));
    this.source.picture.mark({ top: row - 1, bottom: row + 1, left: column - 1, right: column + 1 });
    this.wanted.picture.point(row, column);
    for (const { picture } of [this.made, this.difference])
      picture.mark({ top: row, bottom: row, left: column, right: column });
    this.patch.show({
      caption: `The patch around row ${row}, column ${column}`, top: row - 1, left: column - 1,
      values: [...patch], range: { size: 1 }, ink: true, text: (value) => shown(value, 2),
    });
    const sum = this.filters[this.at].reduce((all, weight, i) => all + weight * patch[i], 0);
    this.sums.replaceChildren(table(`At row ${row}, column ${column}`, ['what', 'value'], [
      ['wanted', shown(wanted.data[at])],
      ['yours: patch times filter, added up', shown(sum)],
      ...(relu ? [['yours after ReLU', shown(made.data[at])]] : []),
      [`yours times ${short(factor)}`, shown(factor * made.data[at])],
      ['difference', shown(rest.data[at])],
    ]));
  }

  // A step at a click; the answer is the last.
  showHints() {
    const { hints, filter } = this.puzzle, count = this.hints[this.at], steps = hints.length + 1;
    this.hintButton.hidden = count === steps;
    this.hintButton.textContent = count < hints.length ? `Hint ${count + 1} of ${hints.length}` : 'Show the answer';
    const items = hints.slice(0, count).map((text) => make('p', { tabIndex: -1 }, text));
    if (count === steps) {
      const answer = new NumberTable(SIDES).show({
        caption: 'An answer; so is each multiple above 0', values: filter, text: (value) => short(value),
      });
      items.push(make('div', { tabIndex: -1 }, answer.element));
    }
    this.hintList.replaceChildren(...items);
  }
}

// ------------------------------------------------------------------------------------------------------ small parts
// The map that a filter makes, 28 × 28: the engine's own convolution, without a bias.
function mapOf(input, filter, relu) {
  const settings = { ...SETTINGS, activation: relu ? 'relu' : 'linear' };
  return run({ kind: 'Conv2D', settings, weights: { filters: [Float32Array.from(filter)], bias: [0] } }, input).output;
}

function checkFilter(filter) {
  if (!Array.isArray(filter) || filter.length !== 9) throw new Error('a filter should be nine weights.');
  filter.forEach((weight) => numberIn(weight, -LARGEST_WEIGHT, LARGEST_WEIGHT, 'a weight'));
}

const nameOfPart = (name) => name.replaceAll(' ', '-');

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

// How near a map comes to the wanted one when it is multiplied by the best factor that is not below 0. `opposite` says
// how near it would come if it might be.
function compared(wanted, made) {
  const squares = dot(wanted.data, wanted.data), own = dot(made.data, made.data), both = dot(wanted.data, made.data);
  const factor = own ? Math.max(both / own, 0) : 0;
  const rest = tensor(wanted.shape, wanted.data.map((value, i) => value - factor * made.data[i]));
  const { size } = rangeOf(wanted.data);
  return {
    wanted, made, rest, factor, empty: !squares, nothing: !own,
    closeness: squares ? Math.min(Math.max(1 - dot(rest.data, rest.data) / squares, 0), 1) : 0,
    opposite: squares && own && both < 0 ? both ** 2 / (squares * own) : 0,
    same: squares > 0 && rangeOf(rest.data).size <= SAME * size,
  };
}

function inWords({ closeness, opposite, empty, nothing, same, factor }, relu) {
  if (empty) return 'with ReLU the wanted map is 0 everywhere, so there is nothing to find. Switch ReLU off.';
  if (nothing) return `0 %. Your map is 0 everywhere${relu ? ', after ReLU' : ''}.`;
  const percent = `${(Math.floor(1000 * closeness) / 10).toFixed(1)} %`; // rounded down: 100 is for solutions
  if (same) {
    const times = Math.abs(factor - 1) < 0.01 ? '' : ` Your map is ${short(1 / factor)} times as large: that does not count.`;
    return `solved. It is the wanted map.${times}`;
  }
  if (opposite > 0.9) return `${percent}. Nearly the opposite: bright and dark are exchanged.`;
  const verdict = [[0.97, 'Very close, not yet the same'], [0.8, 'Close'], [0.5, 'Some of it is there'],
    [0.1, 'A little of it is there'], [0, 'Hardly anything of it is there']].find(([least]) => closeness >= least)[1];
  return `${percent}. ${verdict}.`;
}

// "from −2.5 to 3"
function span(data) {
  const [low, high] = data.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [0, 0]);
  return `from ${short(low)} to ${short(high)}`;
}

function figure(picture) {
  const text = make('figcaption');
  return { picture, text, element: make('figure', {}, picture.element, text) };
}

// Weights to write into, each between two buttons for whoever has no keys.
class WeightTable extends EditableTable {
  constructor(onedit) {
    super(SIDES, LARGEST_WEIGHT, onedit);
    this.inputs.forEach((input, i) => {
      input.step = 'any'; // arrow keys change by 1
      const place = `row ${Math.floor(i / 3)}, column ${i % 3}`;
      const by = (change, text) => button(text, () => {
        const weight = Math.min(Math.max(Number(this.last[i]) + change, -LARGEST_WEIGHT), LARGEST_WEIGHT);
        onedit(i, weight);
      }, { 'aria-label': `${text} 1 for the weight in ${place}`, tabIndex: -1 });
      this.cells[i].prepend(by(-1, '−'));
      this.cells[i].append(by(1, '+'));
    });
  }
}
