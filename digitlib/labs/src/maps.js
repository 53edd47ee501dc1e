// Every layer's feature maps, one canvas a layer.

import { make } from './dom.js';
import { paintMaps } from './paint.js';

const SAYS = {
  Rescaling: () => 'the picture, from 0 to 1',
  Conv2D: ({ settings }) => `${settings.filters} filters slide over what comes from above`,
  MaxPooling2D: () => 'the largest value of each window is kept',
  AveragePooling2D: () => 'the mean of each window is kept',
  BatchNormalization: () => 'each map shifted and stretched by what training found',
  ReLU: () => 'what is below zero becomes zero',
  Activation: ({ settings }) => `${settings.activation}, number by number`,
};

export const short = (value) => Number(value.toPrecision(2)).toString().replace('-', '−');

export const NARROW = 480; // pixels; on a phone fewer maps stand side by side

export class LayerMaps {
  constructor(network) {
    this.own = false; // each map on a scale of its own, or all maps of a layer on one
    this.figures = new Map(network.layers.map((layer) => [layer.name, this.figure(layer)]));
    this.element = make('div', { className: 'lab-maps' }, ...[...this.figures.values()].map(({ element }) => element));
  }

  figure(layer) {
    const canvas = make('canvas', { role: 'img', 'aria-label': `feature maps of ${layer.name}` });
    const range = make('span', { className: 'lab-muted' });
    const says = SAYS[layer.kind]?.(layer) ?? '';
    const element = make('figure', { hidden: true },
      make('figcaption', {}, make('b', {}, layer.name), says ? `: ${says} ` : ' ', range), canvas);
    return { element, canvas, range };
  }

  // Paint the outputs that are pictures. `steps` come from the engine; null clears everything.
  show(steps) {
    if (!steps) return this.figures.forEach(({ element }) => { element.hidden = true; });
    for (const { layer, output } of steps) {
      const { element, canvas, range } = this.figures.get(layer.name);
      const isPicture = output.shape.length === 3 && layer.kind !== 'Dropout';
      element.hidden = !isPicture;
      if (!isPicture) continue;
      const [rows, columns, channels] = output.shape, most = this.element.clientWidth < NARROW ? 8 : 12;
      const { size, negative } = paintMaps(canvas, output, { own: this.own, most });
      canvas.classList.toggle('lab-few', channels < 4);
      range.textContent = `(${channels} × ${rows} × ${columns}${this.own ? '' : `, ${negative ? `−${short(size)}` : 0} to ${short(size)}`})`;
    }
  }
}
