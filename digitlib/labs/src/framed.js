// A picture with a frame around some of its pixels, and one whose pixels can be pointed at.

import { make } from './dom.js';

const KEYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
let pickers = 0;

export class FramedPicture {
  constructor(properties = {}) {
    this.canvas = make('canvas', { role: 'img', ...properties });
    this.frame = make('div', { className: 'lab-frame' });
    this.element = make('div', { className: 'lab-framed' }, this.canvas, this.frame);
  }

  name(text) {
    this.canvas.setAttribute('aria-label', text);
  }

  // The first and last row and column of what is framed, in pixels of the canvas; what lies outside is cut off.
  mark({ top, bottom, left, right }) {
    const { width, height } = this.canvas, part = (pixels, of) => `${(100 * Math.min(Math.max(pixels, 0), of)) / of}%`;
    Object.assign(this.frame.style, {
      top: part(top, height), left: part(left, width),
      bottom: part(height - 1 - bottom, height), right: part(width - 1 - right, width),
    });
  }

  // The pixel of the canvas under the pointer.
  pixelAt({ clientX, clientY }) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const on = (along, side, pixels) => Math.min(Math.max(Math.floor((along / side) * pixels), 0), pixels - 1);
    return [on(clientY - top, height, this.canvas.height), on(clientX - left, width, this.canvas.width)];
  }
}

// `onpoint(row, column)` is called when the reader points at a pixel, by mouse, finger, pen or arrow keys.
export class PixelPicker extends FramedPicture {
  constructor(onpoint) {
    const hint = make('p', { className: 'lab-hint', id: `lab-picker-hint-${++pickers}` },
      'Point at a pixel with mouse or finger, or use the arrow keys.');
    super({ role: 'application', tabIndex: 0, className: 'lab-picker', 'aria-describedby': hint.id });
    this.hint = hint;
    this.place = [0, 0];
    this.pointer = null; // which finger is pointing
    this.onpoint = onpoint;
    this.canvas.addEventListener('pointerdown', (event) => this.begin(event));
    this.canvas.addEventListener('pointermove', (event) => this.follow(event));
    for (const end of ['pointerup', 'pointercancel']) this.canvas.addEventListener(end, (event) => this.lift(event));
    this.canvas.addEventListener('keydown', (event) => this.press(event));
  }

  point(row, column) {
    this.place = [row, column];
    this.mark({ top: row, bottom: row, left: column, right: column });
  }

  begin(event) {
    if (this.pointer !== null || event.button > 0) return;
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.follow(event);
  }

  follow(event) {
    if (event.pointerId === this.pointer) this.onpoint(...this.pixelAt(event));
  }

  lift(event) {
    if (event.pointerId === this.pointer) this.pointer = null;
  }

  press(event) {
    const move = KEYS[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault(); // or the page would scroll
    const [row, column] = this.place.map((at, axis) => at + move[axis]), { width, height } = this.canvas;
    if (row < 0 || row >= height || column < 0 || column >= width) return;
    this.point(row, column); // at once: the next key may come before the next picture
    this.onpoint(row, column);
  }
}
