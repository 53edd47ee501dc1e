// What the stress test does to a picture: functions from one picture of 28 x 28 grey values to another.
// Nothing is rounded in between. Beyond the edge of the picture lies paper, which is 0.

const SIDE = 28, MIDDLE = (SIDE - 1) / 2; // the picture's middle lies between its pixels 13 and 14

const clipped = (value) => Math.min(Math.max(value, 0), 255);

const valueAt = (picture, row, column) =>
  (row >= 0 && row < SIDE && column >= 0 && column < SIDE ? picture[row * SIDE + column] : 0);

// A picture made pixel by pixel: `value` says the grey value at each row and column.
function drawn(value) {
  const picture = new Float32Array(SIDE * SIDE);
  for (let row = 0, at = 0; row < SIDE; row++)
    for (let column = 0; column < SIDE; column++) picture[at++] = value(row, column);
  return picture;
}

// All changes, in this order; `seed` says which random numbers the noise is made of.
export function changed(picture, { factor, degrees, right, down, thickness, blur, noise, side, row, column }, seed) {
  const moved = placed(picture, { factor, degrees, right, down });
  return covered(noisy(blurred(thickened(moved, thickness), blur), noise, seed), side, row, column);
}

// Scaled by a factor and turned clockwise by degrees, both about the picture's middle, then shifted by pixels to
// the right and down. Each new pixel looks up the place where it comes from, and mixes the four pixels around it.
function placed(picture, { factor, degrees, right, down }) {
  const angle = (degrees * Math.PI) / 180, cos = Math.cos(angle) / factor, sin = Math.sin(angle) / factor;
  return drawn((row, column) => {
    const x = column - MIDDLE - right, y = row - MIDDLE - down;
    return between(picture, MIDDLE - sin * x + cos * y, MIDDLE + cos * x + sin * y);
  });
}

// The value at a place between four pixels: the nearer a pixel, the more it counts (bilinear sampling).
function between(picture, row, column) {
  const top = Math.floor(row), left = Math.floor(column), down = row - top, right = column - left;
  return (1 - down) * ((1 - right) * valueAt(picture, top, left) + right * valueAt(picture, top, left + 1)) +
    down * ((1 - right) * valueAt(picture, top + 1, left) + right * valueAt(picture, top + 1, left + 1));
}

// Strokes thicker by so many pixels at each edge, or thinner where the number is negative. One whole pixel: each
// pixel takes the largest value of itself and its four neighbours (dilation), or the smallest (erosion). What is left
// of the number mixes the last picture with the next one.
function thickened(picture, pixels) {
  const extreme = pixels > 0 ? Math.max : Math.min, size = Math.abs(pixels);
  let result = Float32Array.from(picture);
  for (let done = 0; done < size; done++) {
    const last = result, part = Math.min(size - done, 1);
    result = drawn((row, column) => {
      const own = last[row * SIDE + column];
      return (1 - part) * own + part * extreme(own, ...neighbours(last, row, column));
    });
  }
  return result;
}

// The values above, below, left and right of a pixel, without those beyond the edge.
function neighbours(picture, row, column) {
  const at = row * SIDE + column, values = [];
  if (row > 0) values.push(picture[at - SIDE]);
  if (row < SIDE - 1) values.push(picture[at + SIDE]);
  if (column > 0) values.push(picture[at - 1]);
  if (column < SIDE - 1) values.push(picture[at + 1]);
  return values;
}

// Each pixel becomes a mean of the pixels around it, weighted by a bell curve with this standard deviation in pixels:
// first along the rows, then along the columns. The curve is cut off at four standard deviations.
function blurred(picture, deviation) {
  if (deviation === 0) return Float32Array.from(picture);
  const reach = Math.floor(4 * deviation + 0.5), offsets = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const bell = offsets.map((offset) => Math.exp(-(offset ** 2) / (2 * deviation ** 2)));
  const sum = bell.reduce((a, b) => a + b);
  const mean = (value) => offsets.reduce((total, offset, i) => total + (bell[i] / sum) * value(offset), 0);
  const along = drawn((row, column) => mean((offset) => valueAt(picture, row, column + offset)));
  return drawn((row, column) => mean((offset) => valueAt(along, row + offset, column)));
}

// To each pixel its own random number is added, from a bell curve with this standard deviation in grey values.
export function noisy(picture, deviation, seed) {
  const random = randomNumbers(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()); // Box and Muller
  return Float32Array.from(picture, (value) => clipped(value + deviation * normal()));
}

// A square of paper lies on the picture. Its middle pixel is at this row and column; where the side is an even
// number, the middle is the pixel below and to the right of the true one.
function covered(picture, side, row, column) {
  const top = row - Math.floor(side / 2), left = column - Math.floor(side / 2);
  return drawn((i, j) =>
    (i >= top && i < top + side && j >= left && j < left + side ? 0 : picture[i * SIDE + j]));
}

// Each pixel changes by the same number of grey values, up or down as its sign says. With the signs of the loss's
// gradient this is the fast gradient sign method.
export function stepped(picture, signs, size) {
  return Float32Array.from(picture, (value, i) => clipped(value + size * signs[i]));
}

export function randomSigns(seed) {
  const random = randomNumbers(seed);
  return Float32Array.from({ length: SIDE * SIDE }, () => (random() < 0.5 ? -1 : 1));
}

// Numbers from 0 to 1 that look random, and are the same for the same seed in every browser ("mulberry32").
export function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
