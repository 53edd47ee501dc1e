// A convolutional network, layer by layer, in plain JavaScript: chapter "How this page runs the network".
//
// A tensor is { shape, data }. The shape is [rows, columns, channels] for images and [length] for lists; data is a
// Float32Array in that order, the one Keras calls "channels_last": the value at (row, column, channel) stands at
// data[(row * columns + column) * channels + channel].

export function tensor(shape, data) {
  return { shape, data: data ?? new Float32Array(shape.reduce((product, side) => product * side, 1)) };
}

// ------------------------------------------------------------------------------------------------ activations
// Each changes a list of numbers in place. Softmax works on the channels of one place at a time.

export const ACTIVATIONS = {
  linear() {},
  relu(data) {
    for (let i = 0; i < data.length; i++) if (data[i] < 0) data[i] = 0;
  },
  sigmoid(data) {
    for (let i = 0; i < data.length; i++) data[i] = 1 / (1 + Math.exp(-data[i]));
  },
  tanh(data) {
    for (let i = 0; i < data.length; i++) data[i] = Math.tanh(data[i]);
  },
  softmax(data, channels) {
    for (let start = 0; start < data.length; start += channels) {
      const scores = data.subarray(start, start + channels);
      const top = scores.reduce((a, b) => Math.max(a, b)); // subtracted, so that exp() cannot overflow
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += scores[c] = Math.exp(scores[c] - top);
      for (let c = 0; c < channels; c++) scores[c] /= sum;
    }
  },
};

function activated(x, name) {
  const y = tensor(x.shape, x.data.slice());
  ACTIVATIONS[name](y.data, x.shape.at(-1));
  return y;
}

// ----------------------------------------------------------------------------------------------------- layers
// Each takes the input, the layer's settings in Keras's names, and its weights; each returns a new tensor.
// A convolution and a dense layer give their sums: their own activation comes after, in `run`.

export const LAYERS = {
  Rescaling: (x, { scale, offset }) => tensor(x.shape, x.data.map((value) => value * scale + offset)),

  // Slide a window over the picture; at each place cut out the patch under it, and
  // ask every filter how well it matches: multiply number by number, add up.
  Conv2D(x, settings, { filters, bias }) {
    const grid = windows(x, settings.kernel_size, settings);
    const y = tensor([grid.rows, grid.columns, filters.length]);
    const patch = new Float32Array(filters[0].length);
    let at = 0;
    for (let row = 0; row < grid.rows; row++) {
      for (let column = 0; column < grid.columns; column++) {
        cutPatch(x, grid, row, column, patch);
        for (let f = 0; f < filters.length; f++)
          y.data[at++] = dot(patch, filters[f]) + bias[f];
      }
    }
    return y;
  },

  // Each output is a weighted sum of all inputs, plus a bias.
  Dense(x, settings, { filters, bias }) {
    const length = filters[0].length;
    const y = tensor([...x.shape.slice(0, -1), filters.length]);
    for (let start = 0, at = 0; start < x.data.length; start += length) {
      const inputs = x.data.subarray(start, start + length);
      for (let unit = 0; unit < filters.length; unit++) y.data[at++] = dot(inputs, filters[unit]) + bias[unit];
    }
    return y;
  },

  // Per channel: take away the mean seen in training, divide by the standard deviation, stretch, shift. Worked out
  // once as one factor and one summand for each channel.
  BatchNormalization(x, settings, { factor, summand }) {
    const y = tensor(x.shape), channels = factor.length;
    for (let i = 0, c = 0; i < y.data.length; i++, c = (c + 1) % channels) y.data[i] = x.data[i] * factor[c] + summand[c];
    return y;
  },

  // Keep the largest value under each window, or the mean.
  MaxPooling2D: (x, settings) => pool(x, settings, (values) => values.reduce((a, b) => Math.max(a, b))),
  AveragePooling2D: (x, settings) => pool(x, settings, (values) => values.reduce((a, b) => a + b) / values.length),

  GlobalAveragePooling2D(x) {
    const y = tensor([x.shape[2]]), places = x.shape[0] * x.shape[1];
    for (let i = 0; i < x.data.length; i++) y.data[i % y.data.length] += x.data[i] / places;
    return y;
  },

  ReLU: (x) => activated(x, 'relu'),
  Softmax: (x) => activated(x, 'softmax'),
  Activation: (x, { activation }) => activated(x, activation),
  Flatten: (x) => tensor([x.data.length], x.data),
  Dropout: (x) => x, // does something during training only
};

function pool(x, settings, summary) {
  const grid = windows(x, settings.pool_size, settings), channels = x.shape[2];
  const y = tensor([grid.rows, grid.columns, channels]);
  let at = 0;
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      const places = placesInside(x, grid, row, column);
      for (let c = 0; c < channels; c++) y.data[at++] = summary(places.map((place) => x.data[place + c]));
    }
  }
  return y;
}

// ---------------------------------------------------------------------------------------------------- windows
// Where the window lies for each output pixel. "valid" keeps it inside the picture;
// "same" lets it hang over the edge by as much as it takes for an output of the
// picture's size (divided by the stride).

export function windows(x, [height, width], { strides, padding }) {
  const along = (size, side, stride) => {
    if (padding === 'valid')
      return { count: Math.floor((size - side) / stride) + 1, before: 0 };
    const count = Math.ceil(size / stride);
    const beyond = Math.max((count - 1) * stride + side - size, 0);
    return { count, before: Math.floor(beyond / 2) };
  };
  const down = along(x.shape[0], height, strides[0]);
  const across = along(x.shape[1], width, strides[1]);
  return {
    height, width, rows: down.count, columns: across.count,
    top: (row) => row * strides[0] - down.before,
    left: (column) => column * strides[1] - across.before,
  };
}

// Copy what lies under the window into `patch`; beyond the picture's edge lie zeros.
export function cutPatch(x, grid, row, column, patch) {
  const [rows, columns, channels] = x.shape;
  const top = grid.top(row), left = grid.left(column);
  let at = 0;
  for (let i = top; i < top + grid.height; i++) {
    for (let j = left; j < left + grid.width; j++) {
      const inside = i >= 0 && i < rows && j >= 0 && j < columns;
      const from = (i * columns + j) * channels;
      for (let c = 0; c < channels; c++)
        patch[at++] = inside ? x.data[from + c] : 0;
    }
  }
  return patch;
}

// Where in x.data the pixels under the window begin, without those beyond the edge.
export function placesInside(x, grid, row, column) {
  const [rows, columns, channels] = x.shape, places = [];
  for (let i = Math.max(grid.top(row), 0); i < Math.min(grid.top(row) + grid.height, rows); i++)
    for (let j = Math.max(grid.left(column), 0); j < Math.min(grid.left(column) + grid.width, columns); j++)
      places.push((i * columns + j) * channels);
  return places;
}

// Multiply two lists number by number and add up (in four sums side by side, which
// is faster).
export function dot(a, b) {
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0, i = 0;
  for (; i < a.length - 3; i += 4) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
  }
  for (; i < a.length; i++) s0 += a[i] * b[i];
  return s0 + s1 + s2 + s3;
}

// --------------------------------------------------------------------------------------------- the whole network
// Every layer's output for one picture of 28 x 28 grey values from 0 to 255. A step is
// { layer, input, sums, output }; `sums` are the output before the layer's activation.
export function forward(network, pixels) {
  let x = tensor([28, 28, 1], Float32Array.from(pixels));
  return network.layers.map((layer) => {
    const step = run(layer, x);
    x = step.output;
    return step;
  });
}

export function run(layer, input) {
  const sums = LAYERS[layer.kind](input, layer.settings, layer.weights);
  const output = hasOwnActivation(layer) ? activated(sums, layer.settings.activation) : sums;
  return { layer, input, sums, output };
}

export function hasOwnActivation({ kind, settings }) {
  return (kind === 'Conv2D' || kind === 'Dense') && settings.activation !== 'linear';
}

// What one pixel of a convolution's output is made of: the patch, the filter, their products, and the sum.
export function explainPixel(layer, input, row, column, f) {
  const grid = windows(input, layer.settings.kernel_size, layer.settings), filter = layer.weights.filters[f];
  const patch = cutPatch(input, grid, row, column, new Float32Array(filter.length));
  return {
    top: grid.top(row), left: grid.left(column), shape: [grid.height, grid.width, input.shape[2]],
    patch, filter, products: patch.map((value, i) => value * filter[i]),
    bias: layer.weights.bias[f], sum: dot(patch, filter) + layer.weights.bias[f],
  };
}
