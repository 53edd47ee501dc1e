// The most similar digits of a sample of the training images.

import { make } from './dom.js';
import { paintInk } from './paint.js';

// Indices of the `count` images most like `picture`: largest cosine between the two lists of grey values.
export function mostSimilar(images, picture, count) {
  const size = picture.length, total = images.length / size, cosines = new Float64Array(total);
  for (let n = 0; n < total; n++) {
    let product = 0, square = 0;
    for (let i = 0, at = n * size; i < size; i++, at++) {
      product += images[at] * picture[i];
      square += images[at] * images[at];
    }
    cosines[n] = product / Math.sqrt(square);
  }
  return [...cosines.keys()].sort((a, b) => cosines[b] - cosines[a]).slice(0, count);
}

export function digitFigure(picture, caption) {
  const canvas = make('canvas', { width: 28, height: 28, className: 'lab-digit', role: 'img', 'aria-label': caption });
  paintInk(canvas, picture);
  return make('figure', { className: 'lab-small' }, canvas, make('figcaption', {}, caption));
}
