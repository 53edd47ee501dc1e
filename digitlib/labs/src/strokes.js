// A drawing is a list of strokes on a sheet of 280 x 280; a stroke is [pen width, x, y, x, y, ...], whole numbers.
// Inking them ourselves, not with the canvas's own lines, gives the same pixels in every browser.

export const SHEET = 280;
const MOST_NUMBERS = 20_000; // of a drawing that comes with a link

export function inkOf(strokes) {
  const ink = new Uint8Array(SHEET * SHEET);
  for (const [pen, ...points] of strokes)
    for (let i = 0; i < points.length; i += 2) addLine(ink, pen, points.slice(Math.max(i - 2, 0), i + 2));
  return ink;
}

// A round pen from (x0, y0) to (x1, y1): a pixel is as dark as the part of it that lies within the pen's reach.
function addLine(ink, pen, [x0, y0, x1 = x0, y1 = y0]) {
  const reach = pen / 2 + 0.5, dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;
  const clip = (v) => Math.min(Math.max(Math.floor(v), 0), SHEET - 1);
  for (let y = clip(Math.min(y0, y1) - reach); y <= clip(Math.max(y0, y1) + reach); y++) {
    for (let x = clip(Math.min(x0, x1) - reach); x <= clip(Math.max(x0, x1) + reach); x++) {
      const along = length2 && Math.min(Math.max(((x - x0) * dx + (y - y0) * dy) / length2, 0), 1);
      const distance = Math.sqrt((x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2);
      const dark = Math.round(255 * Math.min(Math.max(reach - distance, 0), 1));
      if (dark > ink[y * SHEET + x]) ink[y * SHEET + x] = dark;
    }
  }
}

// How far the strokes' points reach, in pixels: the longer side of the box around them.
export function extent(strokes) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [, ...points] of strokes) {
    for (let i = 0; i < points.length; i += 2) {
      left = Math.min(left, points[i]);
      right = Math.max(right, points[i]);
      top = Math.min(top, points[i + 1]);
      bottom = Math.max(bottom, points[i + 1]);
    }
  }
  return Math.max(right - left, bottom - top, 0);
}

// The same strokes with a pen that suits the digit's size, as a writer's pen suits theirs.
export function withEvenPen(strokes, share) {
  const pen = Math.max(share * extent(strokes), 1);
  return strokes.map(([, ...points]) => [pen, ...points]);
}

// For links: a drawing, or an error that says why it is none.
export function checkedStrokes(given) {
  const good = Array.isArray(given) && given.length <= 500 && given.flat().length <= MOST_NUMBERS && given.every(
    (stroke) => Array.isArray(stroke) && stroke.length >= 3 && stroke.length % 2 === 1 &&
      stroke.every((v) => Number.isInteger(v) && v >= 0 && v <= SHEET) && stroke[0] >= 1);
  if (!good) throw new Error('what should be a drawing is none.');
  return given;
}
