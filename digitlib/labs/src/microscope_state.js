// The microscope's state as a link brings it: everything is checked before anything is taken.

import { windows } from './engine.js';
import { numberIn, oneOf } from './lab.js';

export const LARGEST_STRIDE = 4;
export const LARGEST_WEIGHT = 100;

// "valid" only where the filter fits into what comes in.
export const paddingsFor = ([rows, columns], [height, width]) =>
  (rows <= height && columns <= width ? ['valid', 'same'] : ['same']);

// `layers` are the network's convolutions, each with the shape of its input: [layer, shape].
export function checkedState(state, layers) {
  const { picture, strides, padding, filters, asking } = state;
  oneOf(state.layer, layers.map(([{ name }]) => name), 'The layer');
  const [layer, shape] = layers.find(([{ name }]) => name === state.layer);
  const sides = layer.settings.kernel_size, maps = layer.weights.filters.length, channels = shape[2];
  oneOf(padding, paddingsFor(sides, shape), 'The padding');
  for (const stride of listOf(strides, 2, 'The strides'))
    wholeIn(stride, 1, Math.max(LARGEST_STRIDE, ...layer.settings.strides), 'The stride');
  const grid = windows({ shape }, sides, { strides, padding });
  const edited = listOf(filters, undefined, 'What was edited').map((entry) => {
    const [map, channel, weights] = listOf(entry, 3, 'An edited filter');
    listOf(weights, sides[0] * sides[1], 'An edited filter')
      .forEach((weight) => numberIn(weight, -LARGEST_WEIGHT, LARGEST_WEIGHT, 'A weight'));
    return [`${wholeIn(map, 0, maps - 1, 'The map')}/${wholeIn(channel, 0, channels - 1, 'The channel')}`, weights];
  });
  return {
    picture: typeof picture === 'string' ? pixelsOf(picture) : wholeIn(picture, 0, 9, 'The digit'),
    name: layer.name,
    map: wholeIn(state.map, 0, maps - 1, 'The map'),
    row: wholeIn(state.row, 0, grid.rows - 1, 'The row'),
    column: wholeIn(state.column, 0, grid.columns - 1, 'The column'),
    channel: wholeIn(state.channel, 0, channels - 1, 'The channel'),
    change: { strides, padding, filters: new Map(edited) },
    asking: oneOf(asking, [true, false], 'The question mode'),
  };
}

export const lettersOf = (pixels) => btoa(String.fromCharCode(...pixels));

function pixelsOf(letters) {
  let bytes = '';
  try {
    bytes = atob(letters);
  } catch { /* then its length is wrong, too */ }
  if (bytes.length !== 784) throw new Error('what should be a picture of 28 × 28 pixels is none.');
  return Uint8Array.from(bytes, (c) => c.charCodeAt(0));
}

function wholeIn(value, low, high, name) {
  if (!Number.isInteger(numberIn(value, low, high, name)))
    throw new Error(`${name} should be a whole number, but is ${value}.`);
  return value;
}

function listOf(value, length, name) {
  if (!Array.isArray(value) || value.length !== (length ?? value.length)) throw new Error(`${name} cannot be read.`);
  return value;
}
