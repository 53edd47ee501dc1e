// The mistake explorer: which digits a network takes for which, what they look like, and what rejecting doubts buys.

import { Bars, percent } from './answer.js';
import { a, confusionTable, DIGITS, many } from './confusion.js';
import { button, choice, make, slider } from './dom.js';
import { forward } from './engine.js';
import { lab, numberIn, oneOf } from './lab.js';
import { LayerMaps } from './maps.js';
import { readNetwork, readTensors } from './network.js';
import { paintInk } from './paint.js';

const ANY = 'any', OTHER = 'other'; // what a digit is taken for: anything, or anything but what it is
const EACH = DIGITS.map((digit) => [String(digit), String(digit)]);
const IS = [[ANY, 'any digit'], ...EACH], TAKEN_FOR = [[OTHER, 'another digit'], [ANY, 'any digit'], ...EACH];
const ORDERS = [['least', 'the least sure first'], ['most', 'the surest first']];
const AT_ONCE = 24; // images; more at a click
const MOST_NINES = 4;

// The threshold's slider counts nines, because that is where the digits are: 1 is 0.9, 2 is 0.99, 3 is 0.999.
const ofNines = (nines) => 1 - 10 ** -nines;
const ninesOf = (threshold) => Math.min(-Math.log10(1 - threshold), MOST_NINES);
const shortly = (threshold) => threshold.toFixed(threshold < 0.99 ? 3 : 4);

let marks = 0;
const share = (count, total) => `${((100 * count) / total).toFixed(2)} %`;

// The same digits, less sure for a temperature above 1: divide the logits by it. The logarithm of a probability serves
// as its logit; one that was rounded to 0 has none.
function withTemperature(probabilities, temperature) {
  const powers = Array.from(probabilities, (p) => Math.max(p, 1e-30) ** (1 / temperature));
  const sum = powers.reduce((x, y) => x + y);
  return powers.map((power) => power / sum);
}

export default lab('mistakes', async (frame) => {
  const { tensors } = readTensors(await frame.own('data', 'lab-mistakes.safetensors'));
  const network = readNetwork(await frame.own('network', 'cnn.safetensors'));
  const all = new Answers(tensors);
  const asked = { is: ANY, takenFor: OTHER, order: 'least' };
  let threshold = all.threshold, shown = AT_ONCE, opened = null;

  // --------------------------------------------------------------------------------------- the confusion matrix
  const cells = new Map(); // '4 9' is the button for the fours that were taken for nines
  const inCell = (count, is, takenFor) => {
    if (!count) return '0';
    const open = button(String(count), () => ask(String(is), String(takenFor)),
      { 'aria-label': `${count}: ${a(is)} taken for ${a(takenFor)}`, 'aria-pressed': 'false' });
    cells.set(`${is} ${takenFor}`, open);
    return open;
  };
  const matrix = confusionTable(
    'Rows: what a digit is. Columns: what it was taken for. A number opens its images.', all.counts(), inCell);

  // ------------------------------------------------------------------------------------------------ the threshold
  const fitted = ninesOf(all.threshold), step = 0.01;
  const near = (nines) => (Math.abs(nines - fitted) <= step / 2 ? all.threshold : ofNines(nines));
  const limit = slider('Threshold', {
    min: 0, max: MOST_NINES, step, value: fitted,
    show: (nines) => `${shortly(near(nines))}${near(nines) === all.threshold ? ', as fitted' : ''}`,
  }, (nines) => reject(near(nines)));
  const mark = make('datalist', { id: `lab-mistakes-fitted-${++marks}` }, make('option', { value: fitted.toFixed(2) }));
  limit.input.setAttribute('list', mark.id);
  const back = button(`Back to ${shortly(all.threshold)}`, () => { limit.set(fitted); reject(all.threshold); });
  const bargain = make('p', {});
  const reject = (value) => {
    threshold = value;
    back.disabled = threshold === all.threshold;
    const { read, right, caught } = all.at(threshold), total = all.count;
    frame.say(read ? `It reads ${share(read, total)} of the digits, and ${share(right, read)} of those rightly.`
      : 'It rejects every digit.');
    bargain.textContent = `Read: ${many(read)} of ${many(total)}, ${many(read - right)} of them wrongly. Rejected: ` +
      `${many(total - read)}, and ${many(caught)} of these would have been mistakes.`;
    gallery.querySelectorAll('button').forEach((item) => markRejected(item, Number(item.dataset.number)));
    if (opened !== null) tellOpened();
  };
  const markRejected = (item, number) => {
    const rejected = all.confidence[number] < threshold;
    item.classList.toggle('lab-rejected', rejected);
    item.querySelector('.lab-fate').textContent = rejected ? 'rejected' : '';
  };

  // -------------------------------------------------------------------------------------------------- the images
  const ask = (is, takenFor) => {
    Object.assign(asked, { is, takenFor });
    isList.select.value = is;
    takenForList.select.value = takenFor;
    refill();
  };
  const isList = choice('Is', IS, asked.is, (value) => ask(value, asked.takenFor));
  const takenForList = choice('Taken for', TAKEN_FOR, asked.takenFor, (value) => ask(asked.is, value));
  const orderList = choice('Order', ORDERS, asked.order, (value) => { asked.order = value; refill(); });
  const heading = make('p', { 'aria-live': 'polite' });
  const gallery = make('div', { className: 'lab-strip' });
  const more = button('', () => { const first = shown; shown += AT_ONCE; fill(); gallery.children[first].focus(); });

  const refill = () => { shown = AT_ONCE; fill(); };
  const fill = () => {
    const found = all.choose(asked.is, asked.takenFor), held = found.filter((number) => all.imageOf.has(number));
    if (asked.order === 'most') held.reverse();
    heading.textContent = inWords(asked, found, held, all);
    gallery.replaceChildren(...held.slice(0, shown).map(item));
    more.hidden = held.length <= shown;
    more.textContent = `Show ${Math.min(AT_ONCE, held.length - shown)} more of ${held.length}`;
    cells.forEach((open, key) => open.setAttribute('aria-pressed', String(key === `${asked.is} ${asked.takenFor}`)));
  };
  const item = (number) => {
    const show = () => { open(number); opening.focus(); };
    const made = make('button', { type: 'button', className: 'lab-item', onclick: show },
      digitCanvas(number, `digit ${number}`), make('span', {}, `${all.label[number]}→${all.predicted[number]}`),
      make('span', {}, percent(all.confidence[number])), make('span', { className: 'lab-fate' }));
    made.dataset.number = number;
    markRejected(made, number);
    return made;
  };
  const digitCanvas = (number, says) => {
    const canvas = make('canvas', { width: 28, height: 28, className: 'lab-digit', role: 'img', 'aria-label': says });
    paintInk(canvas, all.imageOf.get(number));
    return canvas;
  };

  // -------------------------------------------------------------------------------------------- one image, opened
  const opening = make('p', { className: 'lab-title', tabIndex: -1 });
  const verdict = make('p', {}), picture = make('div', {}), bars = new Bars(), maps = new LayerMaps(network);
  const close = () => {
    const number = opened;
    opened = null;
    detail.hidden = true;
    (gallery.querySelector(`[data-number="${number}"]`) ?? isList.select).focus();
  };
  const detail = make('div', { className: 'lab-opened', hidden: true }, opening,
    make('div', { className: 'lab-columns' },
      make('div', {}, picture, verdict, button('Back to the images', close)), bars.element),
    make('p', { className: 'lab-title' }, 'What each layer makes of it'), maps.element);
  const open = (number) => {
    opened = number;
    detail.hidden = false; // before the maps are painted, which need to know how wide they may be
    const steps = forward(network, all.imageOf.get(number));
    opening.textContent = `Digit ${many(number)}: ${a(all.label[number])}, taken for ${a(all.predicted[number])}`;
    picture.replaceChildren(digitCanvas(number, `digit ${number}, enlarged`));
    bars.show(withTemperature(steps.at(-1).output.data, all.temperature));
    maps.show(steps);
    tellOpened();
  };
  const tellOpened = () => {
    const sure = all.confidence[opened];
    verdict.textContent = `With the temperature, its confidence is ${percent(sure)}, ` +
      (sure < threshold ? 'less than the threshold: it is rejected.' : 'no less than the threshold: it is read.');
  };

  // ------------------------------------------------------------------------------------------- all of it together
  const title = (text, first = '') => make('p', { className: `lab-title ${first}` }, text);
  const muted = (text) => make('p', { className: 'lab-muted' }, text);
  frame.body.append(
    make('div', { className: 'lab-columns' },
      make('div', { className: 'lab-wide' }, title('Which digit for which?', 'lab-first'), matrix),
      make('div', {}, title('Rejecting the doubtful', 'lab-first'), frame.status, limit.element, mark,
        make('div', { className: 'lab-row' }, back, muted('The mark on the slider was fitted on validation.')), bargain,
        muted('Confidence is the largest of the ten probabilities after the temperature ' +
          `${all.temperature.toFixed(2)}, fitted on validation, too. Below the threshold a digit is rejected.`),
        frame.linkButton(() => ({ ...asked, threshold, opened })))),
    title('The images'),
    make('div', { className: 'lab-row' }, isList.element, takenForList.element, orderList.element),
    heading, gallery, more, detail,
  );
  frame.restore((state) => {
    const is = oneOf(state.is, IS.map(([key]) => key), 'what a digit is');
    const takenFor = oneOf(state.takenFor, TAKEN_FOR.map(([key]) => key), 'what it is taken for');
    const order = oneOf(state.order, ORDERS.map(([key]) => key), 'the order');
    const linked = numberIn(state.threshold, 0, 1, 'the threshold');
    if (state.opened !== null && !all.imageOf.has(state.opened))
      throw new Error(`there is no image of a digit ${JSON.stringify(state.opened)} here.`);
    Object.assign(asked, { is, takenFor, order });
    threshold = linked;
    limit.set(ninesOf(threshold));
    orderList.select.value = order;
    if (state.opened !== null) open(state.opened);
  });
  ask(asked.is, asked.takenFor);
  reject(threshold);
});

// What was found and how much of it has an image: "1,134 digits. Here are the 35 least sure and the 5 surest."
function inWords({ is, takenFor }, found, held, { imageOf }) {
  const first = is === ANY ? 'Any digit' : is === '8' ? 'An 8' : `A ${is}`;
  const then = { [is]: 'what it is', [ANY]: 'any digit', [OTHER]: 'another digit' }[takenFor] ?? a(Number(takenFor));
  const what = `${first}, taken for ${then}: ${found.length ? many(found.length) : 'none'}.`;
  if (held.length === found.length) return what;
  const least = found.findIndex((number) => !imageOf.has(number));
  const surest = found.length - 1 - found.findLastIndex((number) => !imageOf.has(number));
  const ends = [[least, 'least sure'], [surest, 'surest']].filter(([count]) => count)
    .map(([count, name]) => `the ${count} ${name}`);
  const which = least + surest === held.length ? ends.join(' and ') : held.length;
  return `${what} Here are ${which} of them; this page has no images of the others.`;
}

// All answers, the least sure first, and some of the images.
class Answers {
  constructor({ label, predicted, confidence, index, images, threshold, temperature }) {
    this.label = label.data;
    this.predicted = predicted.data;
    this.confidence = confidence.data;
    this.count = this.label.length;
    this.threshold = threshold.data[0];
    this.temperature = temperature.data[0];
    this.order = [...this.confidence.keys()].sort((i, j) => this.confidence[i] - this.confidence[j]);
    const image = (i) => images.data.subarray(784 * i, 784 * (i + 1));
    this.imageOf = new Map(Array.from(index.data, (number, i) => [number, image(i)]));
  }

  counts() {
    const counts = DIGITS.map(() => DIGITS.map(() => 0));
    this.label.forEach((is, number) => counts[is][this.predicted[number]]++);
    return counts;
  }

  choose(is, takenFor) {
    return this.order.filter((number) => (is === ANY || this.label[number] === Number(is)) && (
      takenFor === ANY || (takenFor === OTHER ? this.predicted[number] !== this.label[number]
        : this.predicted[number] === Number(takenFor))));
  }

  // How many are read at a threshold, how many of those rightly, and how many mistakes are rejected.
  at(threshold) {
    let read = 0, right = 0, caught = 0;
    for (let number = 0; number < this.count; number++) {
      const isRight = this.label[number] === this.predicted[number];
      if (this.confidence[number] < threshold) caught += !isRight;
      else { read++; right += isRight; }
    }
    return { read, right, caught };
  }
}
