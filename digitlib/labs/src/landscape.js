// Drawings for walks: the map of a loss with paths on it, and the losses over the steps. Both on white or on the
// book's colours, whatever the page's theme.

import { make } from './dom.js';
import { paintMaps } from './paint.js';
import { MAP } from './surfaces.js';

const WIDTH = 800, HEIGHT = 600; // of the map, in pixels of the canvas
const BANDS = 14;

const toPixels = ([a, b]) => [
  ((a - MAP.left) / (MAP.right - MAP.left)) * WIDTH,
  ((MAP.top - b) / (MAP.top - MAP.bottom)) * HEIGHT,
];

// ------------------------------------------------------------------------------------- a line of its own for each
// A look is { colour, dash, marker }. A white rim sets line and markers off from any ground.

function strokeTwice(pen, colour, width) {
  for (const [style, extra] of [['white', 4], [colour, 0]]) {
    Object.assign(pen, { strokeStyle: style, lineWidth: width + extra });
    pen.stroke();
  }
}

function drawLine(pen, points, { colour, dash, marker }, { markers = points, size = 6 } = {}) {
  pen.lineJoin = 'round';
  pen.setLineDash(dash);
  pen.beginPath();
  points.forEach(([x, y]) => pen.lineTo(x, y));
  strokeTwice(pen, colour, 3);
  pen.setLineDash([]);
  for (const [x, y] of markers) drawMarker(pen, x, y, marker, size, colour);
  if (points.length) drawMarker(pen, ...points.at(-1), marker, 1.8 * size, colour);
}

// How many corners each marker has, and by how much it is turned; a circle has none.
const MARKERS = { circle: [], square: [4, 1 / 8], triangle: [3, 1 / 4], diamond: [4, 0], star: [5, 1 / 4] };

function drawMarker(pen, x, y, marker, size, colour) {
  const [corners, turned] = MARKERS[marker];
  pen.beginPath();
  if (!corners) pen.arc(x, y, size, 0, 2 * Math.PI);
  for (let i = 0; i < 2 * corners; i++) {
    const angle = 2 * Math.PI * (i / (2 * corners) + turned);
    const dent = marker === 'star' ? 0.45 : Math.cos(Math.PI / corners); // how near the centre an edge comes
    const reach = 1.3 * size * (i % 2 ? dent : 1);
    pen.lineTo(x + reach * Math.cos(angle), y - reach * Math.sin(angle));
  }
  pen.closePath();
  strokeTwice(pen, colour, 1);
  pen.fillStyle = colour;
  pen.fill();
}

// A short piece of a line, for a legend.
export function sample(look) {
  const canvas = make('canvas', { width: 120, height: 44, className: 'lab-sample', 'aria-hidden': 'true' });
  drawLine(canvas.getContext('2d'), [[8, 22], [60, 22], [98, 22]], look, { markers: [[40, 22]], size: 7 });
  return canvas;
}

// ------------------------------------------------------------------------------------------------------- the map
export class LossMap {
  // `onstart(place)` is called when the reader chooses a start, with a pointer or with keys.
  constructor(name, hint, onstart) {
    this.canvas = make('canvas', {
      width: WIDTH, height: HEIGHT, className: 'lab-map', tabIndex: 0, role: 'application', 'aria-label': name,
      'aria-describedby': hint.id,
    });
    this.onstart = onstart;
    this.start = [0, 0];
    this.ground = make('canvas');
    this.canvas.addEventListener('click', (event) => this.choose(event));
    this.canvas.addEventListener('keydown', (event) => this.press(event));
  }

  choose({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    this.move([
      MAP.left + ((clientX - left) / width) * (MAP.right - MAP.left),
      MAP.top - ((clientY - top) / height) * (MAP.top - MAP.bottom),
    ]);
  }

  press(event) {
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const direction = directions[event.key], far = event.shiftKey ? 1 : 0.1;
    if (!direction || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault(); // or the page would scroll
    this.move(this.start.map((w, i) => w + far * direction[i]));
  }

  move([a, b]) {
    const within = (w, low, high) => Math.round(10 * Math.min(Math.max(w, low), high)) / 10; // so that 0 can be met
    this.start = [within(a, MAP.left, MAP.right), within(b, MAP.bottom, MAP.top)];
    this.onstart(this.start);
  }

  // Bands of equal loss, and a line where one band meets the next. Their heights grow as squares, so that the lowest
  // part shows as well.
  survey(surface) {
    const roots = tensorOf((place) => Math.sqrt(Math.max(surface.loss(place), 0)));
    const highest = roots.data.reduce((a, b) => Math.max(a, b));
    const bands = { ...roots, data: roots.data.map((root) => Math.floor((BANDS * root) / highest)) };
    paintMaps(this.ground, bands);
    const pen = this.ground.getContext('2d');
    pen.fillStyle = 'rgb(255 255 255 / 55%)';
    for (let y = 1; y < HEIGHT; y++) {
      for (let x = 1; x < WIDTH; x++) {
        const at = y * WIDTH + x, band = bands.data[at];
        if (band !== bands.data[at - 1] || band !== bands.data[at - WIDTH]) pen.fillRect(x - 1, y - 1, 2, 2);
      }
    }
  }

  // `walks` is a list of { path, look }, each path up to where it is to be shown.
  paint(surface, start, walks) {
    this.start = start;
    const pen = this.canvas.getContext('2d');
    pen.drawImage(this.ground, 0, 0);
    for (const place of surface.lowest) drawMarker(pen, ...toPixels(place), 'star', 22, 'black');
    for (const { path, look } of walks) drawLine(pen, path.map(toPixels), look);
    pen.beginPath();
    pen.arc(...toPixels(start), 17, 0, 2 * Math.PI);
    strokeTwice(pen, 'black', 3);
  }
}

function tensorOf(height) {
  const data = new Float32Array(WIDTH * HEIGHT);
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    const b = MAP.top - ((y + 0.5) / HEIGHT) * (MAP.top - MAP.bottom);
    for (let x = 0; x < WIDTH; x++) data[at++] = height([MAP.left + ((x + 0.5) / WIDTH) * (MAP.right - MAP.left), b]);
  }
  return { shape: [HEIGHT, WIDTH, 1], data };
}

// ----------------------------------------------------------------------------------- the losses, step after step
const CHART = { width: 800, height: 420, left: 150, right: 780, top: 20, bottom: 345 };
const TICKS = [1e2, 1, 1e-2, 1e-4, 1e-6]; // the axis is logarithmic, from the last to the first

// `walks` is a list of { losses, look }, each from step 0 to where it is to be shown.
export function paintLosses(canvas, walks, steps) {
  const { width, height, left, right, top, bottom } = CHART;
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext('2d'), highest = Math.log10(TICKS[0]), lowest = Math.log10(TICKS.at(-1));
  const across = (step) => left + (step / steps) * (right - left);
  const up = (loss) => top + ((highest - Math.max(Math.log10(loss), lowest)) / (highest - lowest)) * (bottom - top);
  pen.fillStyle = 'white';
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = '#bbb';
  for (const tick of TICKS) pen.fillRect(left, up(tick), right - left, 2);
  Object.assign(pen, { fillStyle: '#1b1b1b', font: '26px sans-serif', textBaseline: 'middle', textAlign: 'right' });
  for (const tick of TICKS) pen.fillText(tick < 1 ? tick.toFixed(-Math.log10(tick)) : tick, left - 14, up(tick));
  pen.textAlign = 'center';
  for (const step of [0, steps / 2, steps]) pen.fillText(String(step), Math.min(across(step), right - 20), bottom + 24);
  pen.fillText('step', (left + right) / 2, height - 20);
  pen.save();
  pen.beginPath();
  pen.rect(left - 12, top - 12, right - left + 24, bottom - top + 24);
  pen.clip();
  for (const { losses, look } of walks) {
    const points = losses.map((loss, step) => [across(step), up(loss)]);
    const every = Math.ceil(steps / 10);
    drawLine(pen, points, look, { markers: points.filter((_, step) => step % every === 0) });
  }
  pen.restore();
}
