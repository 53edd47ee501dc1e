// Lab "Stress test": how far can a digit be changed before the network reads another one?

import { Bars, inShort, inWords, topOf } from './answer.js';
import { gradientOfLoss } from './backward.js';
import { Curve } from './curve.js';
import { button, checkbox, make, oncePerFrame, slider } from './dom.js';
import { forward } from './engine.js';
import { lab, numberIn, oneOf } from './lab.js';
import { readNetwork, readTensors } from './network.js';
import { Pad } from './pad.js';
import { paintInk, paintMaps } from './paint.js';
import { pictureOf } from './picture.js';
import { checkedStrokes } from './strokes.js';
import { changed, randomSigns, stepped } from './transform.js';

const REST = 150; // milliseconds without a change before the curve is worked out
const FIRST_EXAMPLE = 21; // a 7
const DRAWING = 'drawing'; // stands for an example's number where the reader's own drawing is tested
const SEEDS = 1000;

const signed = (v) => String(v).replace('-', '−');
const pixels = (v) => `${signed(v)} px`;

// In the order in which they are applied. The curve takes each `every`-th place of the slider.
const CONTROLS = [
  { key: 'factor', name: 'Scale', min: 0.4, max: 1.6, step: 0.05, neutral: 1, show: (v) => `× ${v.toFixed(2)}`,
    says: 'The picture grows by this factor about its middle.' },
  { key: 'degrees', name: 'Turn', min: -180, max: 180, step: 5, every: 3, neutral: 0,
    show: (v) => `${Math.abs(v)}°${v > 0 ? ' right' : v < 0 ? ' left' : ''}`,
    says: 'The picture turns by degrees about its middle.' },
  { key: 'right', name: 'Shift right', min: -10, max: 10, step: 1, neutral: 0, show: pixels,
    says: 'The picture moves by pixels; what comes in behind it is paper.' },
  { key: 'down', name: 'Shift down', min: -10, max: 10, step: 1, neutral: 0, show: pixels,
    says: 'The picture moves by pixels; what comes in behind it is paper.' },
  { key: 'thickness', name: 'Thickness', min: -2, max: 3, step: 0.5, neutral: 0, show: pixels,
    says: 'The edges of the strokes move outwards by so many pixels, or inwards where the number is negative.' },
  { key: 'blur', name: 'Blur', min: 0, max: 2.4, step: 0.1, neutral: 0, show: (v) => `${v.toFixed(1)} px`,
    says: 'Each pixel becomes the mean of those around it, weighted by a bell curve of this standard deviation.' },
  { key: 'noise', name: 'Noise', min: 0, max: 120, step: 5, neutral: 0, show: String,
    says: 'To each pixel a random number of grey values is added; this is the standard deviation of these numbers.' },
  { key: 'side', name: 'Square', min: 0, max: 16, step: 1, neutral: 0, show: pixels,
    says: 'A square of paper, with sides as long as this, lies on the picture.' },
  { key: 'column', name: 'Square’s column', min: 0, max: 27, step: 1, neutral: 14, show: String,
    says: 'In this column is the middle of the square of paper. Give the square a size first.' },
  { key: 'row', name: 'Square’s row', min: 0, max: 27, step: 1, neutral: 14, show: String,
    says: 'In this row is the middle of the square of paper. Give the square a size first.' },
  { key: 'epsilon', name: 'Step', min: 0, max: 80, step: 1, every: 4, neutral: 0, show: String,
    says: 'Each pixel changes by so many of its 255 grey values, but not beyond paper and ink.' },
];
const KEYS = CONTROLS.map(({ key }) => key);
const NEUTRAL = Object.fromEntries(CONTROLS.map(({ key, neutral }) => [key, neutral]));

// Where the curve is worked out.
function placesOf({ min, max, step, every = 1 }) {
  const count = Math.round((max - min) / (step * every)) + 1;
  return Array.from({ length: count }, (_, i) => Number((min + i * step * every).toFixed(2)));
}

export default lab('stress', async (frame) => {
  const network = readNetwork(await frame.own('network', 'cnn.safetensors'));
  const { images, labels } = readTensors(await frame.file('lab-digits.safetensors')).tensors;
  const read = (picture) => Array.from(forward(network, picture).at(-1).output.data);

  let source = FIRST_EXAMPLE, values = { ...NEUTRAL }, examined = 'degrees', seed = 1, random = false;
  let original = null, before = null, label = null; // the picture as it was, its ten probabilities, its digit
  let known = null, resting = 0; // the curve that is worked out, or will be

  // ------------------------------------------------------------------------------------------------- what is shown
  const pictures = ['before', 'after'].map((when) => new Picture(`The picture ${when} the changes`, when));
  const bars = new Bars();
  const pad = new Pad('Drawing pad for the stress test', () => soonTake());
  const sources = new Sources(images, labels, (chosen) => { source = chosen; take(); });
  const group = `lab-examined-${++groups}`;
  const controls = CONTROLS.map((control) => new Control(control, group,
    (value) => { values[control.key] = value; soon(); }, () => { examined = control.key; show(); }));
  const curve = new Curve();
  frame.onClose(() => { known = null; curve.close(); });
  const attack = ['before the step', 'the step', 'after the step'].map((name) =>
    new Picture(`The picture: ${name}`, name));
  const signs = checkbox('Random signs instead, of the same size', random, (on) => { random = on; show(); });
  const meaning = make('p', {});
  const row = (key) => controls[KEYS.indexOf(key)].element;
  frame.body.append(
    make('div', { className: 'lab-verdict' }, ...pictures.map(({ element }) => element), frame.status),
    make('div', { className: 'lab-columns' },
      make('div', {}, sources.element, pad.element), make('div', {}, bars.element)),
    make('div', { className: 'lab-row' },
      button('Reset all sliders', () => reset()),
      button('Other random numbers', () => { seed = (seed + 1) % SEEDS; show(); }),
      frame.linkButton(() =>
        ({ source, strokes: source === DRAWING ? pad.strokes : [], values, examined, seed, random }))),
    make('fieldset', {},
      make('legend', { className: 'lab-title' }, 'Change the picture'),
      make('p', { className: 'lab-muted' }, 'The changes are made one after the other, in the order of the sliders. ' +
        'Choose one by the round button in front of it: a curve shows what the network reads over its whole range.'),
      ...KEYS.slice(0, -1).map(row),
      make('p', { className: 'lab-title' }, 'Change it on purpose: one step of the fast gradient sign method'),
      make('p', { className: 'lab-muted' }, 'Every pixel gets lighter or darker by the same number of grey values. ' +
        'The sign of the gradient says which of the two makes the digit less likely.'),
      row('epsilon')),
    signs.element,
    make('div', { className: 'lab-attack' }, ...attack.map(({ element }) => element)),
    meaning,
  );

  // ------------------------------------------------------------------------------------------------------ the state
  frame.restore((state) => {
    const given = checkedState(state, labels.data.length);
    ({ source, examined, seed, random } = given);
    if (source === DRAWING) pad.strokes = given.strokes;
    pad.paint();
    setAll(given.values);
    signs.input.checked = random;
  });

  // A slider may round what it is given, so its own value counts.
  function setAll(given) {
    for (const { control: { key }, slider: { input, set } } of controls) {
      set(given[key]);
      values[key] = Number(input.value);
    }
  }

  function reset() {
    setAll(NEUTRAL);
    signs.input.checked = random = false;
    show();
  }

  // --------------------------------------------------------------------------------------------------- the answers
  // The picture to test, and what the network reads in it before anything is changed.
  function take() {
    const own = source === DRAWING;
    pad.element.hidden = !own;
    sources.show(source);
    original = own ? pictureOf(pad.strokes) : images.data.subarray(784 * source, 784 * (source + 1));
    before = original && read(original);
    label = !original ? null : own ? topOf(before) : labels.data[source];
    show();
  }

  // The step away from the digit, or one at random.
  function afterStep(picture, epsilon, atRandom) {
    if (epsilon === 0) return picture;
    if (atRandom) return stepped(picture, randomSigns(SEEDS + seed), epsilon);
    const gradient = gradientOfLoss(forward(network, picture), label);
    return stepped(picture, gradient.data.map(Math.sign), epsilon);
  }

  function show() {
    const { choose, element } = controls[KEYS.indexOf(examined)];
    choose.checked = true;
    if (curve.element.parentElement !== element) element.append(curve.element);
    curve.element.hidden = !original;
    if (!original) return showNothing();
    const moved = changed(original, values, seed), after = afterStep(moved, values.epsilon, random);
    const answer = read(after);
    pictures[0].ink(original);
    pictures[1].ink(after);
    bars.show(answer);
    frame.say(`${inWords(answer)} Before it was ${inShort(before)}.`);
    showAttack(moved, after, answer);
    showCurve(answer);
  }

  function showNothing() {
    [...pictures, ...attack].forEach((picture) => picture.ink(new Uint8Array(784)));
    bars.show(null);
    meaning.textContent = '';
    known = null;
    frame.say('Draw a digit on the pad, or choose one of the thirty.');
  }

  function showAttack(from, to, answer) {
    const { epsilon } = values;
    attack[0].ink(from);
    attack[1].difference(to.map((value, i) => value - from[i]), epsilon);
    attack[2].ink(to);
    if (epsilon === 0) meaning.textContent = `Move the slider: the step leads away from the ${label}.`;
    else {
      const other = read(afterStep(from, epsilon, !random));
      meaning.textContent = inSentences(epsilon, label, read(from), ...(random ? [other, answer] : [answer, other]));
    }
  }

  // The curve takes some thirty passes through the network. They wait until the reader rests, run one at a time so that
  // dragging stays fluid, and end when something changed. Moving the examined slider itself changes nothing.
  function showCurve(answer) {
    const control = CONTROLS[KEYS.indexOf(examined)], present = { value: values[examined], answer };
    const depends = JSON.stringify([examined, { ...values, [examined]: 0 }, seed, random]);
    if (known?.original !== original || known.depends !== depends) {
      known = { original, depends, points: null };
      curve.wait();
      clearTimeout(resting);
      resting = setTimeout(workOut, REST, known, control);
    } else if (known.points) curve.show({ control, points: known.points, present, label });
    known.present = present;
  }

  async function workOut(wanted, control) {
    const points = [], given = { ...values };
    for (const value of placesOf(control)) {
      if (known !== wanted) return;
      const there = { ...given, [control.key]: value };
      points.push({ value, answer: read(afterStep(changed(original, there, seed), there.epsilon, random)) });
      await new Promise((next) => { setTimeout(next); });
    }
    if (known !== wanted) return;
    wanted.points = points;
    curve.show({ control, points, present: wanted.present, label });
  }

  const soon = oncePerFrame(show), soonTake = oncePerFrame(take);
  take();
});

// What the step did, compared with random signs. Each answer is ten probabilities.
function inSentences(epsilon, label, unchanged, withGradient, atRandom) {
  const held = topOf(withGradient) === label, heldAtRandom = topOf(atRandom) === label;
  const facts = `No pixel changes by more than ${epsilon} of 255 grey values. With the gradient's signs the network ` +
    `reads ${inShort(withGradient)}, with random signs ${inShort(atRandom)}.`;
  if (topOf(unchanged) !== label) return `${facts} But without the step, too, it no longer reads ${label}.`;
  if (held && heldAtRandom) return `${facts} It still reads ${label} both times. Take a larger step, or another digit.`;
  if (heldAtRandom) return `${facts} The size is the same both times: it is the direction that makes the difference.`;
  if (held) return `${facts} The gradient is that of this very picture; after so large a step it is another one.`;
  return `${facts} A change of this size is too large even without a plan.`;
}

// A state from a link, or an error that says what is wrong with it.
function checkedState(state, examples) {
  if (typeof state?.values !== 'object' || state.values === null)
    throw new Error('the places of its sliders are missing.');
  const { source, strokes, values, examined, seed, random } = state;
  return {
    source: source === DRAWING ? source : numberIn(whole(source), 0, examples - 1, 'the number of the example'),
    strokes: checkedStrokes(strokes),
    values: Object.fromEntries(CONTROLS.map(({ key, name, min, max }) =>
      [key, numberIn(values[key], min, max, `“${name}”`)])),
    examined: oneOf(examined, KEYS, 'the examined change'),
    seed: numberIn(whole(seed), 0, SEEDS - 1, 'the number that the random numbers begin with'),
    random: oneOf(random, [true, false], 'the switch for random signs'),
  };
}

const whole = (value) => (Number.isInteger(value) ? value : null);

// A picture of 28 x 28 pixels with a line under it.
class Picture {
  constructor(name, caption) {
    this.caption = make('figcaption', {}, caption);
    this.canvas = make('canvas', { width: 28, height: 28, className: 'lab-seen', role: 'img', 'aria-label': name });
    this.element = make('figure', { className: 'lab-small' }, this.canvas, this.caption);
  }

  ink(picture) {
    paintInk(this.canvas, Uint8ClampedArray.from(picture));
  }

  // Light is more ink, dark is less, on a scale from -size to size.
  difference(data, size) {
    this.caption.textContent = size ? `the step: −${size} (dark) to ${size} (light)` : 'the step: none yet';
    paintMaps(this.canvas, { shape: [28, 28, 1], data }, { common: { size, negative: true } });
  }
}

// Which picture to test: the reader's drawing, or one of the examples.
class Sources {
  constructor(images, labels, onchange) {
    const group = `lab-source-${++groups}`;
    this.inputs = new Map();
    const input = (value, name) => {
      const radio = make('input', { type: 'radio', name: group, 'aria-label': name, onchange: () => onchange(value) });
      this.inputs.set(value, radio);
      return radio;
    };
    const example = (label, n) => {
      const canvas = make('canvas', { width: 28, height: 28, 'aria-hidden': 'true' });
      paintInk(canvas, images.data.subarray(784 * n, 784 * (n + 1)));
      return make('label', { className: 'lab-example' }, input(n, `Example ${n + 1}: ${label}`), canvas);
    };
    this.element = make('fieldset', {},
      make('legend', { className: 'lab-title' }, 'The digit'),
      make('label', { className: 'lab-check' }, input(DRAWING, 'My drawing'), make('span', {}, 'My drawing')),
      make('p', { className: 'lab-muted' }, 'or one of thirty that the network never learned from:'),
      make('div', { className: 'lab-gallery' }, ...Array.from(labels.data, example)));
  }

  show(value) {
    this.inputs.get(value).checked = true;
  }
}

// A slider, with a round button in front that chooses it for the curve.
class Control {
  constructor(control, group, onchange, onchoose) {
    const { name, min, max, step, neutral, show } = control;
    this.control = control;
    this.slider = slider(name, { min, max, step, value: neutral, show }, onchange);
    const called = `Curve over: ${name}`;
    this.choose = make('input', { type: 'radio', name: group, 'aria-label': called, onchange: onchoose });
    this.element = make('div', { className: 'lab-control' }, make('label', {}, this.choose), this.slider.element);
  }
}

let groups = 0; // of radio buttons, each with a name of its own, as a page may hold this lab twice
