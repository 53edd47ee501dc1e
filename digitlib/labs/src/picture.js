// From the reader's strokes to a picture like those of MNIST, for every lab with a drawing pad.

import { prepare } from './drawing.js';
import { extent, inkOf, SHEET, withEvenPen } from './strokes.js';

const EVEN_PEN = 0.13; // of the digit's longer side, about as wide as in MNIST
const SMALLEST = 10; // pixels of the sheet: less is a dot

// 28 x 28 grey values, or null where nothing or only a dot is drawn. Steps can be switched off to see their worth.
export function pictureOf(strokes, { pen = true, ...steps } = {}) {
  if (extent(strokes) < SMALLEST) return null;
  return prepare(inkOf(pen ? withEvenPen(strokes, EVEN_PEN) : strokes), SHEET, SHEET, steps)?.picture ?? null;
}
