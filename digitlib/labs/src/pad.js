// The sheet to draw on, by mouse, finger, pen or keys.

import { button, make, slider } from './dom.js';
import { checkedStrokes, inkOf, SHEET } from './strokes.js';
import { paintInk } from './paint.js';

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEY_STEP = 10, PEN = 22;
let pads = 0;

// `onchange(finished)` is called whenever the drawing changed; `finished` says that the pen was lifted.
export class Pad {
  constructor(name, onchange) {
    const hint = make('p', { className: 'lab-hint', id: `lab-pad-hint-${++pads}` },
      'Draw with mouse or finger. With keys: arrows move, space puts the pen down or lifts it.');
    this.canvas = make('canvas', {
      width: SHEET, height: SHEET, className: 'lab-pad', tabIndex: 0, role: 'application', 'aria-label': name,
      'aria-describedby': hint.id,
    });
    this.onchange = onchange;
    this.strokes = [];
    this.earlier = []; // what undo goes back to
    this.pointer = null; // which finger is drawing
    this.cursor = null; // where the keys' pen is, once a key was used: { x, y, down }
    this.pen = slider('Pen', { min: 6, max: 40, value: PEN }, () => {});
    this.undo = button('Undo', () => this.takeBack());
    this.clear = button('Clear', () => this.replace([]));
    this.element = make('div', { className: 'lab-pad-side' }, this.canvas,
      make('div', { className: 'lab-row' }, this.undo, this.clear, this.pen.element), hint);
    this.canvas.addEventListener('pointerdown', (event) => this.begin(event));
    this.canvas.addEventListener('pointermove', (event) => this.follow(event));
    for (const end of ['pointerup', 'pointercancel']) this.canvas.addEventListener(end, (event) => this.lift(event));
    this.canvas.addEventListener('keydown', (event) => this.press(event));
    this.canvas.addEventListener('blur', () => { this.cursor = null; this.paint(); });
    this.paint();
  }

  // Show another drawing; undo brings back the one before.
  replace(strokes) {
    this.remember();
    this.strokes = checkedStrokes(strokes);
    this.cursor = null;
    this.changed(true);
  }

  takeBack() {
    if (!this.earlier.length) return;
    this.strokes = this.earlier.pop();
    this.changed(true);
  }

  remember() {
    this.earlier.push(this.strokes.map((stroke) => [...stroke]));
  }

  changed(finished) {
    this.paint();
    this.onchange(finished);
  }

  paint() {
    paintInk(this.canvas, inkOf(this.strokes));
    this.undo.disabled = !this.earlier.length;
    if (!this.cursor) return;
    const pen = this.canvas.getContext('2d');
    pen.lineWidth = 2;
    pen.strokeStyle = '#a13d0b';
    pen.setLineDash(this.cursor.down ? [] : [4, 4]);
    pen.beginPath();
    pen.arc(this.cursor.x, this.cursor.y, Math.max(Number(this.pen.input.value) / 2, 6), 0, 2 * Math.PI);
    pen.stroke();
  }

  // ---------------------------------------------------------------------------------------- mouse, finger, pen
  place(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const on = (v) => Math.min(Math.max(Math.round(v), 0), SHEET);
    return [on(((event.clientX - left) * SHEET) / width), on(((event.clientY - top) * SHEET) / height)];
  }

  begin(event) {
    if (this.pointer !== null || event.button > 0) return;
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.cursor = null;
    this.startStroke(this.place(event));
  }

  follow(event) {
    if (event.pointerId !== this.pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.extendStroke(this.place(each));
    this.changed(false);
  }

  lift(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.changed(true);
  }

  startStroke(place) {
    this.remember();
    this.strokes.push([Number(this.pen.input.value), ...place]);
    this.changed(false);
  }

  extendStroke([x, y]) {
    const stroke = this.strokes.at(-1);
    if (stroke.at(-2) !== x || stroke.at(-1) !== y) stroke.push(x, y);
  }

  // ------------------------------------------------------------------------------------------------------ keys
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === 'z' && !event.altKey) { event.preventDefault(); this.takeBack(); }
      return;
    }
    const move = KEYS[event.key];
    if (!move && event.key !== ' ') return;
    event.preventDefault(); // or the page would scroll
    this.cursor ??= { x: SHEET / 2, y: SHEET / 2, down: false };
    if (move) this.moveCursor(move);
    else this.cursor.down = !this.cursor.down;
    if (!move && this.cursor.down) this.startStroke([this.cursor.x, this.cursor.y]);
    else this.changed(true);
  }

  moveCursor([dx, dy]) {
    const on = (v) => Math.min(Math.max(v, 0), SHEET);
    this.cursor.x = on(this.cursor.x + KEY_STEP * dx);
    this.cursor.y = on(this.cursor.y + KEY_STEP * dy);
    if (this.cursor.down) this.extendStroke([this.cursor.x, this.cursor.y]);
  }
}
