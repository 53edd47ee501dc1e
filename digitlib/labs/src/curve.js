// How the network's answer changes over the whole range of one slider: a curve, a sentence and a table.

import { percent, topOf } from './answer.js';
import { make, svg } from './dom.js';

const HEIGHT = 220, LEFT = 48, RIGHT = 14, TOP = 34, BOTTOM = 26; // of the drawing, in pixels
const BAND = 22; // pixels: the strip above the curve that says which digit is read

export class Curve {
  constructor() {
    this.about = make('p', { className: 'lab-muted' });
    this.says = make('p', {});
    this.key = make('p', { className: 'lab-muted' });
    this.drawing = make('div', { className: 'lab-curve' });
    this.table = make('table', {});
    const numbers = make('details', {}, make('summary', {}, 'The same as a table'), this.table);
    this.element = make('div', { className: 'lab-curve-side' }, this.about, this.drawing, this.key, this.says, numbers);
    this.watch = new ResizeObserver(() => this.paint());
    this.watch.observe(this.drawing);
  }

  // Points are { value, answer }, an answer is ten probabilities; `present` is the point where the slider stands.
  show({ control, points, present, label }) {
    const others = points.filter(({ value }) => value !== present.value);
    this.shown = {
      control, present, label,
      points: [...others, present].sort((a, b) => a.value - b.value)
        .map(({ value, answer }) => ({ value, digit: topOf(answer), top: Math.max(...answer), own: answer[label] })),
    };
    this.paint();
    this.write();
  }

  // Another curve is on its way; the old one no longer holds.
  wait() {
    this.shown = null;
    this.drawing.replaceChildren(make('p', { className: 'lab-muted' }, 'Working it out …'));
    this.says.textContent = '';
    this.table.replaceChildren();
  }

  paint() {
    const width = this.drawing.clientWidth;
    if (!this.shown || !width) return;
    const { control: { name, min, max, neutral, show }, points, present, label } = this.shown;
    const x = (value) => LEFT + ((value - min) / (max - min)) * (width - LEFT - RIGHT);
    const y = (p) => TOP + (1 - p) * (HEIGHT - TOP - BOTTOM);
    const line = (of) => points.map((point) => `${x(point.value).toFixed(1)},${y(of(point)).toFixed(1)}`).join(' ');
    const text = (words, at, height, anchor) => svg('text', { x: at, y: height, 'text-anchor': anchor }, words);
    const picture = svg('svg', {
      viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: 'img',
      'aria-label': `Curve over “${name}”: the answer's probability and that of the ${label}. ${this.inWords()}`,
    });
    for (const p of [0, 0.5, 1]) {
      picture.append(svg('line', { class: 'lab-grid', x1: LEFT, x2: width - RIGHT, y1: y(p), y2: y(p) }),
        text(`${100 * p} %`, LEFT - 8, y(p) + 4, 'end'));
    }
    picture.append(text(show(min), LEFT, HEIGHT - 6, 'start'), text(show(max), width - RIGHT, HEIGHT - 6, 'end'));
    if (neutral > min && neutral < max) picture.append(text(show(neutral), x(neutral), HEIGHT - 6, 'middle'));
    const borders = this.runs().map(({ first, before }) => (before ? (x(before.value) + x(first.value)) / 2 : LEFT));
    this.runs().forEach(({ digit }, i) => {
      const from = borders[i], to = borders[i + 1] ?? width - RIGHT;
      picture.append(svg('rect', { class: 'lab-run', x: from, y: 2, width: to - from, height: BAND }),
        svg('text', { class: 'lab-run-digit', x: (from + to) / 2, y: BAND - 4, 'text-anchor': 'middle' }, digit));
    });
    picture.append(
      svg('line', { class: 'lab-present', x1: x(present.value), x2: x(present.value), y1: BAND + 2, y2: y(0) }),
      svg('polyline', { class: 'lab-own', points: line(({ own }) => own) }),
      svg('polyline', { class: 'lab-answer-line', points: line(({ top }) => top) }),
      ...points.map(({ value, digit, top }) => (digit === label
        ? svg('circle', { class: 'lab-dot', cx: x(value), cy: y(top), r: 3.5 })
        : svg('rect', { class: 'lab-box', x: x(value) - 4, y: y(top) - 4, width: 8, height: 8 }))),
      svg('circle', { class: 'lab-ring', cx: x(present.value), cy: y(Math.max(...present.answer)), r: 8 }),
    );
    this.drawing.replaceChildren(picture);
  }

  // Neighbouring places with the same answer, as { digit, first, last, before }, where `before` is the
  // place before the first.
  runs() {
    const runs = [];
    let before = null;
    for (const point of this.shown.points) {
      if (runs.at(-1)?.digit === point.digit) runs.at(-1).last = point;
      else runs.push({ digit: point.digit, first: point, last: point, before });
      before = point;
    }
    return runs;
  }

  inWords() {
    const { control: { show } } = this.shown;
    const range = ({ first, last }) =>
      (first === last ? `at ${show(first.value)}` : `from ${show(first.value)} to ${show(last.value)}`);
    return `The network reads ${this.runs().map((run) => `${run.digit} ${range(run)}`).join('; ')}.`;
  }

  write() {
    const { control: { name, says, show }, points, label } = this.shown;
    this.about.textContent = says;
    this.says.textContent = this.inWords();
    this.key.textContent = `The strip: which digit is read. ● or □: how likely that is (● where it is the ${label}, ` +
      `□ where it is another digit). Broken line: how likely the ${label} is. ` +
      'Upright line and ring: where the slider stands.';
    const row = (tag, cells) => make('tr', {}, ...cells.map((cell) => make(tag, {}, cell)));
    this.table.replaceChildren(
      make('thead', {}, row('th', [name, 'Answer', 'How likely', `How likely the ${label} is`])),
      make('tbody', {}, ...points.map(({ value, digit, top, own }) =>
        row('td', [show(value), String(digit), percent(top), percent(own)]))),
    );
  }

  close() {
    this.watch.disconnect();
  }
}
