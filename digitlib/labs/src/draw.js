// Lab 1, "Draw a digit": from the reader's strokes to a picture like those of MNIST, through every layer, to an answer.

import { Bars, inShort, inWords } from './answer.js';
import { button, checkbox, make, oncePerFrame } from './dom.js';
import { forward } from './engine.js';
import { lab, oneOf } from './lab.js';
import { LayerMaps } from './maps.js';
import { digitFigure, mostSimilar } from './neighbours.js';
import { readNetwork, readTensors } from './network.js';
import { Pad } from './pad.js';
import { paintInk } from './paint.js';
import { pictureOf } from './picture.js';
import { checkedStrokes } from './strokes.js';

const NEIGHBOURS = 10;
const REST = 120; // milliseconds without a stroke before the slower extras are worked out

// In the order in which they are taken.
const STEPS = [
  ['pen', 'Even pen', 'a small digit is not drawn with a thick pen'],
  ['crop', 'Cut out', 'the ink, fitted into 20 × 20 of 28 × 28 pixels'],
  ['smooth', 'Grey edges', 'each pixel is the mean of what lies under it'],
  ['centre', 'Centre', 'the centre of mass moves to the middle'],
];

export default lab('draw', async (frame) => {
  let network = null, picture = null, probabilities = null, resting = 0;
  const taken = { pen: true, crop: true, smooth: true, centre: true };
  const answerOf = (pixels) => Array.from(forward(network, pixels).at(-1).output.data);

  // ------------------------------------------------------------------------------------------------- what is shown
  const pad = new Pad('Drawing pad', (finished) => { soon(); if (finished) { tellKernel(); keep(); } });
  const seen = make('canvas', { width: 28, height: 28, className: 'lab-seen', role: 'img', 'aria-label': 'What the network gets' });
  const bars = new Bars();
  const steps = STEPS.map(([key, name, says]) => new Step(name, says, (on) => { taken[key] = on; soon(); keep(); }));
  const layers = make('div');
  const similar = make('div', { className: 'lab-strip' });
  frame.body.append(
    make('div', { className: 'lab-columns' }, pad.element,
      make('div', { className: 'lab-answer' }, make('div', { className: 'lab-verdict' }, seen, frame.status), bars.element,
        frame.linkButton(() => state()))),
    layers,
    make('p', { className: 'lab-title' }, 'From your drawing to a picture like those it learned from'),
    make('div', { className: 'lab-steps' }, ...steps.map(({ element }) => element)),
    make('p', { className: 'lab-title' }, 'Which training digits are most like it?'),
    button('Show the most similar', () => showSimilar()), similar,
  );
  frame.say('Draw a digit.');
  const state = () => ({ strokes: pad.strokes, off: STEPS.map(([key]) => key).filter((key) => !taken[key]) });
  const takeUp = ({ strokes, off }) => {
    off.forEach((key) => oneOf(key, Object.keys(taken), 'A step'));
    pad.strokes = checkedStrokes(strokes);
    pad.paint();
    STEPS.forEach(([key], i) => { taken[key] = !off.includes(key); steps[i].box.input.checked = taken[key]; });
  };
  frame.restore(takeUp);

  // The drawing is there again when the lab is opened the next time, unless the address brings another.
  const keep = () => {
    try {
      checkedStrokes(pad.strokes);
    } catch {
      frame.warn('This drawing is too long to be kept for the next time.');
      return;
    }
    frame.keep('labs', 'draw', state());
  };
  const before = frame.kept('labs', 'draw');
  const takeUpBefore = async () => {
    const kept = await before;
    if (!kept || pad.strokes.length || frame.model.linked) return;
    try {
      takeUp(kept);
    } catch {
      return; // from another version of this lab
    }
    tellKernel();
  };

  // ------------------------------------------------------------------------------------------------ the network
  const soon = oncePerFrame(() => show());
  let maps = null;
  const show = () => {
    clearTimeout(resting);
    const began = performance.now();
    picture = pictureOf(pad.strokes, taken);
    paintInk(seen, picture ?? new Uint8Array(784));
    if (!network) return;
    const computed = picture && forward(network, picture);
    probabilities = computed && Array.from(computed.at(-1).output.data);
    bars.show(probabilities);
    maps.show(computed);
    frame.say(probabilities ? inWords(probabilities) : pad.strokes.length ? 'That is a dot, not yet a digit.' : 'Draw a digit.');
    frame.element.dataset.milliseconds = (performance.now() - began).toFixed(2);
    similar.replaceChildren();
    resting = setTimeout(showSteps, REST);
  };

  const showSteps = () => STEPS.forEach(([key], i) => {
    const soFar = Object.fromEntries(STEPS.map(([other], j) => [other, j <= i && taken[other]]));
    const without = taken[key] && pictureOf(pad.strokes, { ...taken, [key]: false });
    steps[i].show(pictureOf(pad.strokes, soFar), without && inShort(answerOf(without)));
  });

  const tellKernel = () => {
    if (!network) return;
    show();
    frame.model.set('drawn', picture ? Array.from(picture) : []);
    frame.model.set('answer', probabilities ?? []);
    frame.model.save_changes();
  };

  const showSimilar = async () => {
    similar.replaceChildren(make('p', {}, 'Fetching …'));
    try {
      const { tensors } = readTensors(await frame.file('lab-sample.safetensors'));
      const { data } = tensors.images, found = picture ? mostSimilar(data, picture, NEIGHBOURS) : [];
      similar.replaceChildren(...found.map((n) =>
        digitFigure(data.subarray(784 * n, 784 * (n + 1)), `a ${tensors.labels.data[n]}`)));
      if (!found.length) similar.replaceChildren(make('p', {}, 'Draw a digit first.'));
    } catch (error) {
      similar.replaceChildren(make('p', {}, `They cannot be fetched: ${error.message}`));
    }
  };

  network = readNetwork(await frame.own('network', 'cnn.safetensors'));
  maps = new LayerMaps(network);
  const own = checkbox('Each map on a scale of its own', false, (on) => { maps.own = on; show(); });
  layers.append(make('p', { className: 'lab-title' }, 'What each layer makes of it'), own.element, maps.element);
  show();
  takeUpBefore(); // not waited for: a kernel may be busy for long
});

// One step from drawing to picture: its switch, the picture so far, and what the answer would be without it.
class Step {
  constructor(name, says, onchange) {
    this.box = checkbox(name, true, onchange);
    this.canvas = make('canvas', { width: 28, height: 28, className: 'lab-digit', role: 'img', 'aria-label': `The picture after: ${name}` });
    this.without = make('p', { className: 'lab-without' });
    this.element = make('div', { className: 'lab-step' }, this.box.element, this.canvas,
      make('p', { className: 'lab-muted' }, says), this.without);
  }

  show(picture, without) {
    paintInk(this.canvas, picture ?? new Uint8Array(784));
    this.without.textContent = without ? `Without it: ${without}` : '';
  }
}
