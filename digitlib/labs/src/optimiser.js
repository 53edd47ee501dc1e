// Lab "Optimiser race": SGD, momentum, RMSProp and Adam walk down a surface that the reader chooses.

import { button, choice, make, oncePerFrame, slider } from './dom.js';
import { lab, numberIn, oneOf } from './lab.js';
import { LossMap, paintLosses, sample } from './landscape.js';
import { MAP, SURFACES } from './surfaces.js';
import { RULES, walk } from './updates.js';

// The chapter's colours and markers, with the words that describe them.
const RUNNERS = [
  { key: 'sgd', name: 'SGD', colour: '#0072b2', dash: [], marker: 'circle', says: 'blue, solid, circles' },
  {
    key: 'momentum', name: 'Momentum', colour: '#d55e00', dash: [16, 8], marker: 'square',
    says: 'orange, dashed, squares',
  },
  {
    key: 'rmsprop', name: 'RMSProp', colour: '#007a5a', dash: [16, 7, 3, 7], marker: 'triangle',
    says: 'green, dash-dotted, triangles',
  },
  { key: 'adam', name: 'Adam', colour: '#a0408a', dash: [4, 8], marker: 'diamond', says: 'purple, dotted, diamonds' },
];

const RATE = 0.3, MOMENTUM = 0.9, STEPS = 40, SEED = 1;
// A slider goes through these rates, ten to each factor of ten: about equal steps of their logarithm.
const RATES = [0.001, 0.01, 0.1, 1].flatMap((low) =>
  [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8].map((digits) => Number((digits * low).toPrecision(2)))).concat(10);
const FEWEST = 10, MOST = 200; // steps
const REACHED = 1e-6; // a loss below this counts as lowest
const DURATION = 4000; // milliseconds of playing

let labs = 0;

export default lab('optimiser', async (frame) => {
  let surface = SURFACES.valley, start = surface.start, seed = SEED, step = STEPS, results = [], playing = 0;

  // ------------------------------------------------------------------------------------------------ controls
  const surfaces = Object.entries(SURFACES).map(([key, { name }]) => [key, name]);
  const chosen = choice('Surface', surfaces, 'valley', (key) => { enter(key); race(); });
  const deal = button('Deal other mini-batches', () => { seed += 1; race(); });
  const steps = slider('Number of steps', { min: FEWEST, max: MOST, step: 10, value: STEPS }, () => race());
  const at = slider('Step', { min: 0, max: STEPS, value: STEPS }, (to) => { stop(); step = to; soon(); });
  const play = button('Play', () => (playing ? stop() : begin()));
  const runners = RUNNERS.map((runner) => new Runner(runner, () => race()));
  const keepGoing = slider('momentum', { min: 0, max: 0.99, step: 0.01, value: MOMENTUM }, () => race());
  runners[1].element.append(keepGoing.element);

  // ------------------------------------------------------------------------------------------- what is shown
  const hint = make('p', { className: 'lab-hint', id: `lab-map-hint-${++labs}` },
    'Tap the map to choose where all four start. With keys: focus it, then arrows (0.1 a step, with Shift 1). ' +
    'Dark is low, light is high; a line joins places of equal loss; a star is a lowest point. Weight 1 runs from ' +
    `${signed(MAP.left)} to ${MAP.right} across, weight 2 from ${signed(MAP.bottom)} to ${MAP.top} upwards.`);
  const map = new LossMap('Map of the loss', hint, (place) => { start = place; race(); });
  const chart = make('canvas', { className: 'lab-chart', role: 'img' });
  const caption = make('caption', {});
  const heads = ['', 'loss', 'distance'].map((text) => make(text ? 'th' : 'td', text ? { scope: 'col' } : {}, text));
  const notice = make('p', {});
  frame.body.append(
    make('div', { className: 'lab-row' }, chosen.element, deal),
    make('div', { className: 'lab-columns' },
      make('div', { className: 'lab-map-side' }, map.canvas,
        make('div', { className: 'lab-row' }, play, at.element, steps.element), hint),
      make('div', { className: 'lab-answer' }, frame.status,
        make('table', { className: 'lab-results' }, caption, make('thead', {}, make('tr', {}, ...heads)),
          make('tbody', {}, ...runners.map(({ row }) => row))),
        make('p', { className: 'lab-title' }, 'What to notice'), notice)),
    make('p', { className: 'lab-title' }, 'The rates'),
    make('div', { className: 'lab-runners' }, ...runners.map(({ element }) => element)),
    make('p', { className: 'lab-title' }, 'The loss, step after step'),
    chart, make('p', { className: 'lab-hint' },
      `Each line of the scale is a hundredth of the one above; ${REACHED.toFixed(6)} stands for all below it.`),
    make('div', { className: 'lab-row' }, frame.linkButton(() => ({
      surface: chosen.select.value, start, rates: runners.map(({ rate }) => rate),
      momentum: Number(keepGoing.input.value), steps: Number(steps.input.value), step, seed,
    }))),
  );

  // --------------------------------------------------------------------------------------------------- racing
  const enter = (key) => {
    surface = SURFACES[key];
    start = surface.start;
    seed = SEED;
    notice.textContent = surface.notice;
    deal.hidden = !surface.noise;
    map.survey(surface);
  };

  const race = () => {
    stop();
    const settings = { start, seed, steps: Number(steps.input.value), momentum: Number(keepGoing.input.value) };
    results = runners.map(({ rate }, i) => walk(RULES[RUNNERS[i].key], surface, { ...settings, rate }));
    at.input.max = settings.steps;
    step = settings.steps;
    soon();
  };

  const show = () => {
    const total = Number(steps.input.value);
    if (Number(at.input.value) !== step) at.set(step);
    const walks = results.map(({ path, diverged }, i) => {
      const places = path.slice(0, step + 1);
      return { look: RUNNERS[i], path: places, losses: places.map(surface.loss), gone: step >= diverged && diverged };
    });
    map.paint(surface, start, walks);
    paintLosses(chart, walks, total);
    chart.setAttribute('aria-label', `The loss of each over ${step} steps; the last values stand in the table.`);
    walks.forEach(({ path, gone }, i) => runners[i].show(surface, path.at(-1), gone));
    caption.textContent = `After step ${step} of ${total}. Distance: to the nearest lowest point.`;
    const ends = walks.map(({ losses, gone }) => (gone ? Infinity : losses.at(-1)));
    if (!playing) frame.say(`From (${start.map(signed).join(', ')}), after ${step} steps: ${verdict(ends)}`);
  };
  const soon = oncePerFrame(show);

  // ------------------------------------------------------------------------------------------ playing, on demand
  const begin = () => {
    const total = Number(steps.input.value), began = performance.now();
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      step = total;
      show();
      return;
    }
    play.textContent = 'Stop';
    const next = (now) => {
      step = Math.min(Math.max(Math.floor(((now - began) / DURATION) * total), 0), total);
      if (step < total) playing = requestAnimationFrame(next);
      else stop();
      show();
    };
    playing = requestAnimationFrame(next);
  };

  const stop = () => {
    cancelAnimationFrame(playing);
    if (playing) soon(); // the status line has kept silent meanwhile
    playing = 0;
    play.textContent = 'Play';
  };
  frame.onClose(stop);

  enter('valley');
  race();
  frame.restore((given) => {
    const key = oneOf(given.surface, Object.keys(SURFACES), 'the surface');
    const [a, b] = listOf(given.start, 2, 'the start');
    const rates = listOf(given.rates, RUNNERS.length, 'the list of rates');
    const place = [numberIn(a, MAP.left, MAP.right, 'weight 1'), numberIn(b, MAP.bottom, MAP.top, 'weight 2')];
    rates.forEach((rate) => oneOf(rate, RATES, 'a rate'));
    numberIn(given.momentum, 0, 0.99, 'the momentum');
    const total = wholeIn(given.steps, FEWEST, MOST, 'the number of steps');
    const shown = wholeIn(given.step, 0, total, 'the step');
    const dealt = wholeIn(given.seed, 1, 1e6, 'the seed of the mini-batches');
    chosen.select.value = key;
    enter(key);
    start = place;
    seed = dealt;
    rates.forEach((rate, i) => runners[i].set(rate));
    keepGoing.set(given.momentum);
    steps.set(total);
    race();
    step = shown;
  });
});

// One optimiser: the control of its rate, and its line in the table.
class Runner {
  constructor({ name, says, ...look }, onchange) {
    const places = { min: 0, max: RATES.length - 1, value: RATES.indexOf(RATE), show: (place) => String(RATES[place]) };
    this.slider = slider(`rate of ${name}`, places, onchange);
    this.element = make('div', {}, this.slider.element, make('p', { className: 'lab-muted' }, sample(look), says));
    this.cells = { loss: make('td', {}), distance: make('td', {}) };
    this.row = make('tr', {}, make('th', { scope: 'row' }, sample(look), name), ...Object.values(this.cells));
  }

  get rate() {
    return RATES[this.slider.input.value];
  }

  set(rate) {
    this.slider.set(RATES.indexOf(rate));
  }

  // `gone` is the step at which it diverged, or false.
  show(surface, place, gone) {
    const [a, b] = place, away = Math.min(...surface.lowest.map(([x, y]) => Math.hypot(a - x, b - y)));
    const outside = a < MAP.left || a > MAP.right || b < MAP.bottom || b > MAP.top;
    this.cells.loss.textContent = gone ? `diverged at step ${gone}` : inDigits(surface.loss(place));
    this.cells.distance.textContent = gone ? '–' : away.toFixed(2) + (outside ? ', off the map' : '');
  }
}

// "Adam is lowest: loss 0.0126."
function verdict(losses) {
  const best = Math.min(...losses), digits = losses.map(inDigits), lowest = inDigits(best);
  const those = (chosen) => RUNNERS.filter((_, i) => chosen(i)).map(({ name }) => name);
  if (best === Infinity) return 'all four have diverged.';
  const first = those((i) => digits[i] === lowest), lost = those((i) => losses[i] === Infinity);
  return `${first.join(', ')} ${first.length > 1 ? 'are' : 'is'} lowest: loss ${lowest}.` +
    (lost.length ? ` Diverged: ${lost.join(', ')}.` : '');
}

function inDigits(loss) {
  if (loss < REACHED) return `<\u00a0${REACHED.toFixed(6)}`;
  return loss < 1000 ? String(Number(loss.toPrecision(3))) : Math.round(loss).toLocaleString('en');
}

const signed = (w) => String(w).replace('-', '−');

function listOf(given, length, name) {
  if (!Array.isArray(given) || given.length !== length) throw new Error(`${name} should hold ${length} numbers.`);
  return given;
}

function wholeIn(value, low, high, name) {
  if (!Number.isInteger(value)) throw new Error(`${name} should be a whole number, but is ${JSON.stringify(value)}.`);
  return numberIn(value, low, high, name);
}
