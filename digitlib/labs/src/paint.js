// Numbers to pixels: pictures of ink, and feature maps in the book's colours.

// Matplotlib's "cividis" at ten places: lightness grows with the value, for colour-blind readers, too.
const CIVIDIS = ['00224e', '123570', '3b496c', '575d6d', '707173', '8a8678', 'a59c74', 'c3b369', 'e1cc55', 'fee838'];

// 256 colours as the four bytes of a pixel each, in the order of the machine (all that run browsers are little-endian).
function colours(hexes) {
  const stops = hexes.map((hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  return Uint32Array.from({ length: 256 }, (_, value) => {
    const place = (value / 255) * (stops.length - 1), i = Math.min(Math.floor(place), stops.length - 2), part = place - i;
    const [red, green, blue] = stops[i].map((low, c) => Math.round(low + part * (stops[i + 1][c] - low)));
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

const SCALE = colours(CIVIDIS), INK = colours(['ffffff', '000000']);

// Ink from 0 (paper) to 255: white paper, black ink, in the canvas's own resolution.
export function paintInk(canvas, ink) {
  const context = canvas.getContext('2d'), image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = INK[ink[i]];
  context.putImageData(image, 0, 0);
}

// For a table's cell that is tinted by its value: the ground, and text that can be read on it.
export function cellColours(value, { size, negative }, ink = false) {
  const zero = negative ? 127.5 : 0, place = zero + (size ? (value * (255 - zero)) / size : 0);
  const colour = (ink ? INK : SCALE)[Math.round(Math.min(Math.max(place, 0), 255))];
  const parts = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  // WCAG's relative luminance: above 0.179 black has more contrast than white.
  const [red, green, blue] = parts.map((part) => (part <= 10 ? part / 3295 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return { background: `rgb(${parts.join(' ')})`, color: light > 0.179 ? 'black' : 'white' };
}

// The largest size of a value, and whether there are negative ones: what a scale is made of.
export function rangeOf(data, from = 0, step = 1) {
  let high = 0, low = 0;
  for (let i = from; i < data.length; i += step) {
    if (data[i] > high) high = data[i];
    if (data[i] < low) low = data[i];
  }
  return { size: Math.max(high, -low), negative: low < 0 };
}

const GAP = 1; // transparent pixels between two maps

// How all channels of a tensor of [rows, columns, channels] lie side by side in one canvas, `most` in a row.
export function mapGrid([rows, columns, channels], most) {
  const across = Math.min(channels, most);
  return {
    across, width: across * (columns + GAP) - GAP, height: Math.ceil(channels / across) * (rows + GAP) - GAP,
    left: (channel) => (channel % across) * (columns + GAP),
    top: (channel) => Math.floor(channel / across) * (rows + GAP),
  };
}

// Zero is the darkest colour, or the middle one if there are negative values. With `own`, each map has its own scale.
// `common` is the range of the scale that all maps share, if it is not to be that of the data.
export function paintMaps(canvas, { shape, data }, { own = false, most = 12, common = rangeOf(data) } = {}) {
  const [rows, columns, channels] = shape, grid = mapGrid(shape, most);
  if (canvas.width !== grid.width || canvas.height !== grid.height) Object.assign(canvas, { width: grid.width, height: grid.height });
  const context = canvas.getContext('2d'), image = context.createImageData(grid.width, grid.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let c = 0; c < channels; c++) {
    const { size } = own ? rangeOf(data, c, channels) : common;
    const zero = common.negative ? 127.5 : 0, unit = size ? (255 - zero) / size : 0;
    for (let row = 0; row < rows; row++) {
      let to = (grid.top(c) + row) * grid.width + grid.left(c);
      for (let column = 0, from = row * columns * channels + c; column < columns; column++, from += channels)
        pixels[to++] = SCALE[Math.round(zero + data[from] * unit)];
    }
  }
  context.putImageData(image, 0, 0);
  return common;
}
