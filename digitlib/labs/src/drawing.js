// Turn a drawing into a picture like those of MNIST: the digit fills a box of 20 x 20 pixels, with grey
// edges, and its centre of mass lies on pixel (14, 14) of 28 x 28.
//
// The same steps, number for number, as prepare() in digitlib/drawing.py; a test compares the two. All
// numbers are whole and stay below 2 ** 53, so every sum and every rounded division here is exact.

const SIDE = 28; // pixels along a side of the picture
const BOX = 20; // pixels along the longest side of the digit
const MIDDLE = 14; // the row and the column on which the centre of mass shall lie

/**
 * Prepare a drawing of one digit.
 *
 * @param {ArrayLike<number>} ink - width * height whole numbers, row by row: 0 is paper, 255 is ink.
 * @param {number} width
 * @param {number} height
 * @param {object} [steps] - What to do; a lab switches steps off to show what each is worth.
 * @param {boolean} [steps.crop] - Cut out the digit; if not, the whole sheet becomes the picture.
 * @param {boolean} [steps.smooth] - Average; if not, take single pixels, black or white.
 * @param {boolean} [steps.centre] - Centre the digit; if not, it goes where it was on the sheet.
 * @returns {?{picture: Uint8Array, box: {top: number, left: number, width: number, height: number}}}
 *   The 28 x 28 picture, and the part of the drawing that it was made from; null if nothing is drawn.
 */
export function prepare(ink, width, height, { crop = true, smooth = true, centre = true } = {}) {
  if (ink.length !== width * height) {
    throw new RangeError(`expected ${width} x ${height} pixels, but was given ${ink.length} numbers`);
  }
  const digit = inkBox(ink, width, height);
  if (digit === null) return null;

  const box = crop ? digit : { top: 0, left: 0, width, height };
  const longest = Math.max(box.width, box.height);
  const columns = Math.max(1, divided((crop ? BOX : SIDE) * box.width, longest));
  const rows = Math.max(1, divided((crop ? BOX : SIDE) * box.height, longest));
  const small = (smooth ? averaged : sampled)(ink, width, box, columns, rows);

  let top = Math.floor((SIDE - rows) / 2);
  let left = Math.floor((SIDE - columns) / 2);
  if (crop && centre) {
    [top, left] = centred(small, columns) ?? [top, left];
  } else if (crop) {
    const sheet = Math.max(width, height);
    top = placeOnSheet(box.top, box.height, height, sheet, rows);
    left = placeOnSheet(box.left, box.width, width, sheet, columns);
  }

  const picture = new Uint8Array(SIDE * SIDE);
  for (let y = Math.max(0, -top); y < rows && top + y < SIDE; y++) {
    for (let x = Math.max(0, -left); x < columns && left + x < SIDE; x++) {
      picture[(top + y) * SIDE + left + x] = small[y * columns + x];
    }
  }
  return { picture, box };
}

// a / b, rounded to the nearest whole number, halves upwards.
function divided(a, b) {
  return Math.floor((2 * a + b) / (2 * b));
}

// The smallest box that holds all ink; null if there is none.
function inkBox(ink, width, height) {
  let top = height;
  let bottom = -1;
  let left = width;
  let right = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink[y * width + x] > 0) {
        top = Math.min(top, y);
        bottom = y;
        left = Math.min(left, x);
        right = Math.max(right, x);
      }
    }
  }
  return bottom < 0 ? null : { top, left, width: right - left + 1, height: bottom - top + 1 };
}

// Each small pixel is the mean of the part of the drawing under it: first along x, then along y.
function averaged(ink, width, box, columns, rows) {
  const narrow = new Float64Array(box.height * columns);
  forOverlaps(box.width, columns, (from, to, overlap) => {
    for (let y = 0; y < box.height; y++) {
      narrow[y * columns + to] += ink[(box.top + y) * width + box.left + from] * overlap;
    }
  });
  const sums = new Float64Array(rows * columns);
  forOverlaps(box.height, rows, (from, to, overlap) => {
    for (let x = 0; x < columns; x++) {
      sums[to * columns + x] += narrow[from * columns + x] * overlap;
    }
  });
  return Uint8Array.from(sums, (sum) => divided(sum, box.width * box.height));
}

// n pixels become m. On a ruler of n * m marks, pixel `from` covers m marks and small pixel `to` covers n.
function forOverlaps(n, m, use) {
  for (let to = 0; to < m; to++) {
    for (let from = Math.floor(to * n / m); from * m < (to + 1) * n; from++) {
      use(from, to, Math.min((from + 1) * m, (to + 1) * n) - Math.max(from * m, to * n));
    }
  }
}

// Each small pixel is the drawing's pixel under its middle, black or white.
function sampled(ink, width, box, columns, rows) {
  const small = new Uint8Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    const fromY = box.top + Math.floor((2 * y + 1) * box.height / (2 * rows));
    for (let x = 0; x < columns; x++) {
      const fromX = box.left + Math.floor((2 * x + 1) * box.width / (2 * columns));
      small[y * columns + x] = ink[fromY * width + fromX] >= 128 ? 255 : 0;
    }
  }
  return small;
}

// Row and column for the first small pixel that bring the centre of mass to the middle; null if no ink is
// left: thin or faint lines can get lost on the way.
function centred(small, columns) {
  let mass = 0;
  let momentX = 0;
  let momentY = 0;
  small.forEach((value, i) => {
    mass += value;
    momentX += value * (i % columns);
    momentY += value * Math.floor(i / columns);
  });
  if (mass === 0) return null;
  return [divided(MIDDLE * mass - momentY, mass), divided(MIDDLE * mass - momentX, mass)];
}

// Where along one axis the digit starts if the sheet, its longest side being `sheet`, becomes the whole
// picture: the middle of the digit stays at its place, as far as the digit then lies inside.
function placeOnSheet(start, length, room, sheet, small) {
  const twiceMiddle = 2 * start + length + sheet - room;
  const place = divided(SIDE * twiceMiddle - small * sheet, 2 * sheet);
  return Math.min(Math.max(place, 0), SIDE - small);
}
