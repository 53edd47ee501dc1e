// The network run backwards: how one of its results changes with each pixel of the picture.
//
// The chain rule, a layer at a time from the last to the first. Each layer takes the gradient with respect to its
// output and turns it into the gradient with respect to its input.

import { hasOwnActivation, placesInside, tensor, windows } from './engine.js';

const BACKWARD = {
  Rescaling: ({ layer }, gradient) => gradient.map((g) => g * layer.settings.scale),

  // Forwards, every patch was multiplied with every filter; so each filter's weights
  // flow back to its patch.
  Conv2D({ layer, input, sums }, gradient) {
    const { filters } = layer.weights, [rows, columns, channels] = input.shape;
    const grid = windows(input, layer.settings.kernel_size, layer.settings);
    const result = new Float32Array(input.data.length);
    const patch = new Float32Array(filters[0].length);
    for (let row = 0, at = 0; row < sums.shape[0]; row++) {
      for (let column = 0; column < sums.shape[1]; column++) {
        patch.fill(0);
        for (let f = 0; f < filters.length; f++, at++) {
          if (gradient[at] === 0) continue;
          for (let k = 0; k < patch.length; k++) patch[k] += gradient[at] * filters[f][k];
        }
        const top = grid.top(row), left = grid.left(column);
        let k = 0;
        for (let i = top; i < top + grid.height; i++) {
          for (let j = left; j < left + grid.width; j++, k += channels) {
            if (i < 0 || i >= rows || j < 0 || j >= columns) continue;
            const to = (i * columns + j) * channels;
            for (let c = 0; c < channels; c++) result[to + c] += patch[k + c];
          }
        }
      }
    }
    return result;
  },

  Dense({ layer, input }, gradient) {
    const { filters } = layer.weights, length = filters[0].length, result = new Float32Array(input.data.length);
    for (let start = 0, at = 0; start < result.length; start += length)
      for (let unit = 0; unit < filters.length; unit++, at++)
        for (let i = 0; i < length; i++) result[start + i] += gradient[at] * filters[unit][i];
    return result;
  },

  BatchNormalization: ({ layer }, gradient) =>
    gradient.map((g, i) => g * layer.weights.factor[i % layer.weights.factor.length]),

  // Only the largest value under the window had a say. Where several are the largest, the first one counts.
  MaxPooling2D: (step, gradient) => unpool(step, gradient, (places, c, g, input, result) => {
    let best = places[0];
    for (const place of places) if (input.data[place + c] > input.data[best + c]) best = place;
    result[best + c] += g;
  }),
  AveragePooling2D: (step, gradient) => unpool(step, gradient, (places, c, g, input, result) => {
    for (const place of places) result[place + c] += g / places.length;
  }),
  GlobalAveragePooling2D: ({ input }, gradient) =>
    input.data.map((_, i) => gradient[i % gradient.length] / (input.shape[0] * input.shape[1])),

  ReLU: ({ output }, gradient) => throughActivation('relu', output, gradient),
  Softmax: ({ output }, gradient) => throughActivation('softmax', output, gradient),
  Activation: ({ layer, output }, gradient) => throughActivation(layer.settings.activation, output, gradient),
  Flatten: (step, gradient) => gradient,
  Dropout: (step, gradient) => gradient,
};

function unpool({ layer, input, output }, gradient, share) {
  const grid = windows(input, layer.settings.pool_size, layer.settings), result = new Float32Array(input.data.length);
  for (let row = 0, at = 0; row < output.shape[0]; row++) {
    for (let column = 0; column < output.shape[1]; column++) {
      const places = placesInside(input, grid, row, column);
      for (let c = 0; c < output.shape[2]; c++) share(places, c, gradient[at++], input, result);
    }
  }
  return result;
}

// Each slope can be told from the activation's output alone.
function throughActivation(name, { data, shape }, gradient) {
  const channels = shape.at(-1);
  switch (name) {
    case 'relu': return gradient.map((g, i) => (data[i] > 0 ? g : 0));
    case 'sigmoid': return gradient.map((g, i) => g * data[i] * (1 - data[i]));
    case 'tanh': return gradient.map((g, i) => g * (1 - data[i] ** 2));
    case 'softmax': return gradient.map((g, i) => {
      const start = i - (i % channels);
      let mean = 0;
      for (let c = 0; c < channels; c++) mean += gradient[start + c] * data[start + c];
      return data[i] * (g - mean);
    });
    default: return gradient;
  }
}

function throughLayer(step, gradient) {
  const { layer, output } = step;
  const inner = hasOwnActivation(layer) ? throughActivation(layer.settings.activation, output, gradient) : gradient;
  return BACKWARD[layer.kind](step, inner);
}

// How output number `unit` changes with each pixel: a tensor of the picture's shape. For saliency maps.
export function gradientOfOutput(steps, unit) {
  const gradient = new Float32Array(steps.at(-1).output.data.length);
  gradient[unit] = 1;
  return tensor(steps[0].input.shape, steps.reduceRight((g, step) => throughLayer(step, g), gradient));
}

// How the cross-entropy of the right answer, -log(probability of `label`), changes
// with each pixel: for the fast gradient sign method. The network must end in softmax.
// It begins before the softmax, where the gradient is simply the probabilities minus
// one for the right answer. In float32 that difference is exactly zero for a network
// that is sure; so it is written as minus the sum of the other probabilities, which is
// the same and loses nothing.
export function gradientOfLoss(steps, label) {
  const last = steps.at(-1), { data } = last.output, { activation } = last.layer.settings;
  const ownSoftmax = hasOwnActivation(last.layer) && activation === 'softmax';
  if (!ownSoftmax && last.layer.kind !== 'Softmax' && activation !== 'softmax')
    throw new Error(
      `The last layer, ${last.layer.name}, is not a softmax, so its outputs are no probabilities.`);
  const others = data.reduce((sum, p, i) => (i === label ? sum : sum + p), 0);
  const gradient = data.map((p, i) => (i === label ? -others : p));
  const before = ownSoftmax ? BACKWARD[last.layer.kind](last, gradient) : gradient;
  const through = steps.slice(0, -1).reduceRight((g, step) => throughLayer(step, g), before);
  return tensor(steps[0].input.shape, through);
}
