// The training time machine: the shipped network as it was after 0, 10, 30, ... steps of its training.

import { Bars, inWords } from './answer.js';
import { a, confusionTable, DIGITS, many } from './confusion.js';
import { button, checkbox, make, oncePerFrame, slider } from './dom.js';
import { forward, tensor } from './engine.js';
import { lab } from './lab.js';
import { LayerMaps, NARROW, short } from './maps.js';
import { readNetwork, readTensors } from './network.js';
import { Pad } from './pad.js';
import { paintInk, paintMaps } from './paint.js';
import { pictureOf } from './picture.js';
import { checkedStrokes } from './strokes.js';

const EXAMPLE = 25; // among the examples: an 8 that changes sides several times
const LAGGING = 0.05; // how much better batch normalisation with the batch's own statistics must read to be spoken of
const GUESSING = 0.15;

const share = (count, total) => `${((100 * count) / total).toFixed(1)} %`;

export default lab('time-machine', async (frame) => {
  const moments = readMoments(await frame.file('lab-checkpoints.json'));
  const examples = readTensors(await frame.file('lab-digits.safetensors')).tensors;
  const example = examples.images.data.subarray(784 * EXAMPLE, 784 * (EXAMPLE + 1));
  const networks = new Map(); // those that were fetched, by their place among the moments
  let wanted = 0, present = null; // places among the moments: where the slider is, and what is shown

  // ------------------------------------------------------------------------------------------------- what is shown
  const when = slider('Moment', { min: 0, max: moments.length - 1, value: 0, show: (place) => moments[place].name },
    (place) => go(place));
  const earlier = button('Earlier', () => go(wanted - 1)), later = button('Later', () => go(wanted + 1));
  const curve = new Curve(moments);
  const remark = make('p', { className: 'lab-muted lab-remark' });
  const filters = make('canvas', { role: 'img', 'aria-label': 'the filters of layer 1 at this moment' });
  const pad = new Pad('Drawing pad for the time machine', () => soon());
  const seen = make('canvas',
    { width: 28, height: 28, className: 'lab-seen', role: 'img', 'aria-label': 'What the network gets' });
  const answer = make('p', { className: 'lab-says' }), whose = make('p', { className: 'lab-muted' });
  const bars = new Bars(), matrix = make('div', {}), filterRange = make('p', { className: 'lab-muted' });

  const show = () => {
    const network = networks.get(present), drawn = pictureOf(pad.strokes), pixels = drawn ?? example;
    const steps = forward(network, pixels), probabilities = Array.from(steps.at(-1).output.data);
    paintInk(seen, pixels);
    bars.show(probabilities);
    maps.show(steps);
    answer.textContent = inWords(probabilities);
    whose.textContent = drawn ? 'Your drawing, as the network gets it.'
      : `An example: ${a(examples.labels.data[EXAMPLE])} of the validation digits. Draw a digit of your own.`;
  };
  const soon = oncePerFrame(show);

  // What belongs to the moment, whatever is drawn.
  const showMoment = () => {
    const moment = moments[present];
    curve.mark(present);
    const first = networks.get(present).layers.find(({ kind }) => kind === 'Conv2D');
    const { size } = paintFilters(filters, first, filters.parentElement.clientWidth < NARROW ? 8 : 12);
    const { length } = first.weights.filters, most = short(size);
    filterRange.textContent = `${length} filters of 5 × 5 weights, from −${most} (dark) to ${most} (light)`;
    matrix.replaceChildren(confusionTable(
      'The 5,000 validation digits. Rows: what a digit is. Columns: what it was taken for.', moment.confusion, String));
    remark.textContent = remarkOn(moment);
    frame.say(`After ${moment.name} it reads ${share(moment.right, moment.total)} of the validation digits.`);
    show();
  };

  // ---------------------------------------------------------------------------------------- from moment to moment
  const fetchNetwork = async (place) => {
    if (!networks.has(place)) networks.set(place, readNetwork(await frame.file(moments[place].file)));
  };

  // Show a moment as soon as its network is there, unless the reader has moved on meanwhile.
  const go = async (place) => {
    wanted = place;
    when.set(place);
    earlier.disabled = place === 0;
    later.disabled = place === moments.length - 1;
    if (!networks.has(place)) frame.say(`Fetching the network after ${moments[place].name} …`);
    try {
      await fetchNetwork(place);
    } catch (error) {
      if (wanted === place) frame.say(`The network after ${moments[place].name} cannot be fetched: ${error.message} ` +
        `You still see the one after ${moments[present].name}. Move on, or come back to it.`);
      return;
    }
    if (wanted !== place) return;
    present = place;
    showMoment();
  };

  frame.restore(({ step, strokes }) => {
    const place = moments.findIndex((moment) => moment.step === step);
    if (place < 0) throw new Error(`there is no moment after ${JSON.stringify(step)} steps.`);
    pad.strokes = checkedStrokes(strokes);
    pad.paint();
    wanted = place;
  });
  await fetchNetwork(wanted);
  const maps = new LayerMaps(networks.get(wanted)); // of the same layers at every moment
  const own = checkbox('Each map on a scale of its own', false, (on) => { maps.own = on; show(); });
  frame.body.append(
    make('div', { className: 'lab-row lab-when' }, when.element, earlier, later),
    make('div', { className: 'lab-verdict' }, frame.status), curve.element, remark,
    make('p', { className: 'lab-title' }, 'What it makes of a digit'),
    make('div', { className: 'lab-columns' }, pad.element,
      make('div', {}, make('div', { className: 'lab-verdict' }, seen, make('div', {}, answer, whose)), bars.element,
        frame.linkButton(() => ({ step: moments[wanted].step, strokes: pad.strokes })))),
    make('p', { className: 'lab-title' }, 'The filters of layer 1'), filterRange, filters,
    make('p', { className: 'lab-title' }, 'What it reads rightly, and what not'), matrix,
    make('p', { className: 'lab-title' }, 'What each layer makes of the digit'), own.element, maps.element,
  );
  await go(wanted);
});

function readMoments(buffer) {
  const { steps_per_epoch: epoch, checkpoints } = JSON.parse(new TextDecoder().decode(buffer));
  return checkpoints.map(({ step, confusion, right_with_batches: rightWithBatches }) => {
    const epochs = step / epoch, whole = epochs > 0 && Number.isInteger(epochs);
    return {
      step, confusion, rightWithBatches,
      name: `${many(step)} steps${whole ? ` (${epochs} epoch${epochs > 1 ? 's' : ''})` : ''}`,
      file: `cnn-step-${String(step).padStart(5, '0')}.safetensors`,
      right: DIGITS.reduce((sum, digit) => sum + confusion[digit][digit], 0),
      total: confusion.flat().reduce((sum, count) => sum + count, 0),
    };
  });
}

function remarkOn({ right, rightWithBatches, total }) {
  if (right < GUESSING * total) return 'That is guessing: by chance, one digit of ten is right.';
  if (rightWithBatches - right < LAGGING * total) return '';
  return `If batch normalisation took mean and spread from batches of these digits, as in training, it would read ${
    share(rightWithBatches, total)}. Its moving averages are young and lag behind the weights: see chapter 4.`;
}

// All filters of one convolution on one picture channel, side by side as feature maps are.
function paintFilters(canvas, { settings, weights }, most) {
  const [rows, columns] = settings.kernel_size, count = weights.filters.length, side = tensor([rows, columns, count]);
  weights.filters.forEach((filter, f) => filter.forEach((weight, i) => { side.data[i * count + f] = weight; }));
  return paintMaps(canvas, side, { most });
}

// The accuracy at each moment as a line, with the present one marked.
class Curve {
  constructor(moments) {
    this.moments = moments;
    this.ring = draw('circle', { r: 7, class: 'lab-ring' });
    this.stem = draw('line', { class: 'lab-stem' });
    const points = moments.map((moment, place) => this.point(place));
    const text = (x, y, words, anchor) => {
      const made = draw('text', { x, y, 'text-anchor': anchor });
      made.textContent = words;
      return made;
    };
    const levels = [0, 0.5, 1].flatMap((level) => [
      draw('line', { x1: LEFT, x2: WIDTH, y1: heightOf(level), y2: heightOf(level), class: 'lab-level' }),
      text(LEFT - 5, heightOf(level) + 4, `${100 * level} %`, 'end')]);
    this.svg = draw('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' }, ...levels, this.stem,
      draw('polyline', { points: points.join(' '), class: 'lab-line' }),
      ...points.map(([cx, cy]) => draw('circle', { cx, cy, r: 3, class: 'lab-dot' })), this.ring,
      ...points.map(([x], place) => text(x, HEIGHT - 4, many(moments[place].step), 'middle')));
    this.element = make('div', { className: 'lab-curve' },
      make('p', { className: 'lab-muted' },
        'Validation accuracy after so many steps. (The distances between the steps are not to scale.)'), this.svg);
  }

  point(place) {
    const { right, total } = this.moments[place], last = this.moments.length - 1;
    return [Math.round(LEFT + 15 + ((WIDTH - LEFT - 30) * place) / last), heightOf(right / total)];
  }

  mark(place) {
    const [x, y] = this.point(place), { name } = this.moments[place];
    set(this.ring, { cx: x, cy: y });
    set(this.stem, { x1: x, x2: x, y1: y, y2: heightOf(0) });
    const all = this.moments.map(({ right, total, step }) => `${share(right, total)} after ${many(step)}`).join(', ');
    set(this.svg, { 'aria-label': `Validation accuracy: ${all} steps. Marked: ${name}.` });
  }
}

const WIDTH = 380, HEIGHT = 180, LEFT = 42; // of the curve, in units of its own
const heightOf = (level) => Math.round(145 - 130 * level);

function draw(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
