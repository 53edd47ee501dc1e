// Lab "Convolution microscope": one value of a feature map, taken apart into patch, filter, products and sum.

import { button, checkbox, choice, make, oncePerFrame, slider } from './dom.js';
import { explainPixel, forward, run, tensor } from './engine.js';
import { FramedPicture, PixelPicker } from './framed.js';
import { lab } from './lab.js';
import { checkedState, LARGEST_STRIDE, LARGEST_WEIGHT, lettersOf, paddingsFor } from './microscope_state.js';
import { readNetwork, readTensors } from './network.js';
import { bothSigns, EditableTable, NumberTable, shown, signed, whole } from './number_table.js';
import { cellColours, mapGrid, paintInk, paintMaps, rangeOf } from './paint.js';
import { receptiveField } from './receptive.js';
import { isWorthAsking, middlePart, SumQuestion } from './sum_question.js';

const EXAMPLES = 3; // of each class in the file; the first is taken
const FIRST_DIGIT = 4;
const NARROW = 480; // pixels; on a phone fewer maps and sums stand side by side

// What each preset puts at row i, column j of a filter.
const PRESETS = {
  identity: (i, j, rows, columns) => Number(i === (rows - 1) >> 1 && j === (columns - 1) >> 1),
  blur: (i, j, rows, columns) => 1 / (rows * columns),
  vertical: (i, j, rows, columns) => Math.sign(2 * j + 1 - columns),
  horizontal: (i, j, rows) => Math.sign(2 * i + 1 - rows),
};
const PRESET_NAMES = [
  ['own', 'the network’s own'], ['identity', 'identity'], ['blur', 'blur'], ['vertical', 'vertical edge'],
  ['horizontal', 'horizontal edge'], ['hand', 'edited by hand'],
];
const PADDING_NAMES = { valid: 'valid: none', same: 'same: a frame of zeros' };

export default lab('microscope', async (frame) => {
  const network = readNetwork(await frame.own('network', 'cnn.safetensors'));
  const digits = readTensors(await frame.file('lab-digits.safetensors')).tensors.images.data;
  new Microscope(frame, network, digits);
});

class Microscope {
  constructor(frame, network, digits) {
    this.frame = frame;
    this.network = network;
    this.digits = digits;
    this.given = frame.settings.image ? Uint8Array.from(frame.settings.image) : null;
    this.convolutions = network.layers.filter(({ kind }) => kind === 'Conv2D');
    if (!this.convolutions.length) throw new Error('this network has no convolution to look at.');
    this.changes = new Map(this.convolutions.map((layer) => [layer.name, unchanged(layer)]));
    this.asking = false;
    this.soon = oncePerFrame(() => this.show());
    this.build();
    this.takePicture(this.given ? 'given' : FIRST_DIGIT);
    this.takeLayer(this.convolutions[0].name);
    frame.restore((state) => this.restore(state));
    this.show();
  }

  // -------------------------------------------------------------------------------------------- what is looked at
  takePicture(which) {
    this.picture = which;
    const start = 784 * EXAMPLES * which;
    this.pixels = which === 'given' ? this.given : this.digits.subarray(start, start + 784);
    this.steps = forward(this.network, this.pixels);
    const examples = Array.from({ length: 10 }, (_, digit) => [digit, `example: a ${digit}`]);
    fill(this.pictures.select, [...(this.given ? [['given', 'the given one']] : []), ...examples], which);
    this.forget();
  }

  // Another layer: begin at the strongest answer of its first map.
  takeLayer(name) {
    Object.assign(this, { name, map: 0, channel: 0 });
    this.layers.select.value = name;
    const { input, output, layer: { settings } } = this.computed(), [, columns, maps] = output.shape;
    const first = output.data.filter((_, i) => i % maps === 0), strongest = first.indexOf(Math.max(...first));
    this.row = Math.floor(strongest / columns);
    this.column = strongest % columns;
    this.strideSlider.input.max = Math.max(LARGEST_STRIDE, ...this.own().settings.strides);
    const sides = settings.kernel_size;
    const paddings = paddingsFor(sides, input.shape).map((key) => [key, PADDING_NAMES[key]]);
    fill(this.paddings.select, paddings, settings.padding);
    this.tables = { patch: new NumberTable(sides), filter: new NumberTable(sides), products: new NumberTable(sides) };
    this.editable = new EditableTable(sides, LARGEST_WEIGHT, (i, value) => {
      const weights = this.edited ?? this.weights();
      this.setWeights(weights.map((weight, at) => (at === i ? value : weight)));
    });
    this.forget();
  }

  own() {
    return this.convolutions.find(({ name }) => name === this.name);
  }

  // What the reader changed about the layer.
  get change() {
    return this.changes.get(this.name);
  }

  // The layer's step with these changes.
  computed() {
    const own = this.own(), { strides, padding, filters } = this.change;
    const changed = own.weights.filters.map((filter) => filter.slice());
    for (const [key, weights] of filters) {
      const [map, channel] = key.split('/').map(Number), channels = changed[map].length / weights.length;
      weights.forEach((weight, i) => { changed[map][i * channels + channel] = weight; });
    }
    const settings = { ...own.settings, strides, padding }, weights = { ...own.weights, filters: changed };
    return run({ ...own, settings, weights }, this.steps.find((step) => step.layer === own).input);
  }

  // One channel of the map's filter: as the reader edited it (if so), and as it is.
  get edited() {
    return this.change.filters.get(`${this.map}/${this.channel}`);
  }

  weights() {
    return this.oneChannel(this.explained.filter);
  }

  oneChannel(values) {
    const [rows, columns, channels] = this.explained.shape;
    return Array.from({ length: rows * columns }, (_, i) => values[i * channels + this.channel]);
  }

  setWeights(weights) {
    const key = `${this.map}/${this.channel}`;
    if (weights) this.change.filters.set(key, weights);
    else this.change.filters.delete(key);
    this.forget();
  }

  presetNow() {
    const weights = this.edited, [rows, columns] = this.explained.shape;
    if (!weights) return 'own';
    const same = (name) => preset(name, rows, columns).every((weight, i) => Math.abs(weight - weights[i]) < 1e-6);
    return Object.keys(PRESETS).find(same) ?? 'hand';
  }

  changeLayer(settings) {
    Object.assign(this.change, settings);
    this.forget();
  }

  // Something else is looked at: an old answer and its verdict go.
  forget() {
    this.question.forget();
    this.soon();
  }

  // ----------------------------------------------------------------------------------------------- linkable state
  share() {
    const { picture, name, map, row, column, channel, asking, change: { strides, padding, filters } } = this;
    return {
      picture: picture === 'given' ? lettersOf(this.given) : picture,
      layer: name, map, row, column, channel, strides, padding, asking,
      filters: [...filters].map(([key, weights]) =>
        [...key.split('/').map(Number), weights.map((weight) => Number(weight.toPrecision(7)))]),
    };
  }

  restore(state) {
    const shapeOf = (own) => this.steps.find(({ layer }) => layer === own).input.shape;
    const layers = this.convolutions.map((own) => [own, shapeOf(own)]);
    const { picture, name, change, asking, ...place } = checkedState(state, layers);
    if (typeof picture !== 'number') this.given = picture;
    this.takePicture(typeof picture === 'number' ? picture : 'given');
    this.changes.set(name, change);
    this.takeLayer(name);
    Object.assign(this, place);
    this.asking = this.askBox.input.checked = asking;
  }

  // ------------------------------------------------------------------------------------------------- the elements
  build() {
    this.pictures = choice('Picture', [], null, (value) => this.takePicture(value === 'given' ? value : Number(value)));
    const names = this.convolutions.map(({ name }) => name);
    this.layers = choice('Layer', names.map((name) => [name, name]), null, (name) => this.takeLayer(name));
    this.mapField = wholeField('Feature map', (map) => { this.map = map; this.forget(); });
    this.overview = new FramedPicture({ className: 'lab-overview' });
    this.overview.canvas.addEventListener('click', (event) => this.pickMap(event));
    this.overviewText = make('p', { className: 'lab-muted' });

    this.seen = figure(new FramedPicture());
    this.input = figure(new FramedPicture());
    this.picker = new PixelPicker((row, column) => { Object.assign(this, { row, column }); this.forget(); });
    this.mapTitle = make('b');
    this.range = make('span', { className: 'lab-muted' });

    this.askBox = checkbox('Question mode: I work out the sum first', false, (on) => this.ask(on));
    this.question = new SumQuestion({
      ask: () => this.show(), otherSums: () => this.otherSums(), another: () => this.anotherPixel(),
    });
    this.channelField = wholeField('Input channel', (channel) => { this.channel = channel; this.forget(); });
    this.editBox = checkbox('Edit the filter', false, () => this.soon());
    this.calculation = make('div', { className: 'lab-calculation' });
    this.paddingText = make('p', { className: 'lab-muted' }, '(0) lies beyond the edge: padding.');
    this.channelSums = make('div', { className: 'lab-channel-sums' });
    this.sums = make('tbody');
    this.numbers = make('div', {},
      make('div', { className: 'lab-row' }, this.channelField.element, this.editBox.element),
      this.calculation, this.channelSums,
      make('table', { className: 'lab-sums' }, make('caption', {}, 'From the products to the value'), this.sums),
      make('p', { className: 'lab-muted' }, 'Shown are three decimals. The lab computes with all.'));

    this.frame.body.append(
      make('div', { className: 'lab-row' }, this.pictures.element, this.layers.element, this.mapField.element),
      this.overview.element, this.overviewText,
      make('div', { className: 'lab-looking' },
        make('div', { className: 'lab-side' },
          make('div', { className: 'lab-inputs' }, this.seen.element, this.input.element), this.buildSettings()),
        make('figure', { className: 'lab-large' }, make('figcaption', {}, this.mapTitle, ' ', this.range),
          this.picker.element, this.picker.hint)),
      this.frame.status, this.askBox.element, this.question.element, this.numbers,
      this.frame.linkButton(() => this.share()),
    );
  }

  buildSettings() {
    this.presets = choice('Filter', PRESET_NAMES, 'own', (name) => {
      this.setWeights(name === 'own' ? null : preset(name, ...this.explained.shape));
    });
    this.presets.select.lastChild.disabled = true; // says what is, and cannot be chosen
    this.strideSlider = slider('Stride', { min: 1, max: LARGEST_STRIDE, value: 1 },
      (stride) => this.changeLayer({ strides: [stride, stride] }));
    this.paddings = choice('Padding', [], null, (padding) => this.changeLayer({ padding }));
    this.formula = make('p', { className: 'lab-formula' });
    this.says = make('p', { className: 'lab-muted' });
    const reset = button('Back to the network’s own', () => {
      this.changes.set(this.name, unchanged(this.own()));
      this.forget();
    });
    return make('div', { className: 'lab-settings' }, make('p', { className: 'lab-title' }, 'Change the layer'),
      this.presets.element, this.strideSlider.element, this.paddings.element, reset, this.formula, this.says);
  }

  pickMap(event) {
    const [row, column] = this.overview.pixelAt(event), [rows, columns, maps] = this.step.output.shape, { grid } = this;
    const within = (at, from, size) => at >= from && at <= from + size; // with the gap behind it
    const hit = Array.from({ length: maps }, (_, c) => c)
      .find((c) => within(row, grid.top(c), rows) && within(column, grid.left(c), columns));
    if (hit === undefined) return;
    this.map = hit;
    this.forget();
  }

  // ------------------------------------------------------------------------------------------------------ showing
  show() {
    this.step = this.computed();
    const { layer, input, output } = this.step, [rows, columns, maps] = output.shape;
    this.row = Math.min(this.row, rows - 1);
    this.column = Math.min(this.column, columns - 1);
    this.explained = explainPixel(layer, input, this.row, this.column, this.map);
    this.before = this.steps.slice(0, this.steps.findIndex((step) => step.layer === this.own()));
    this.fromPicture = this.before.every(({ layer: { kind } }) => kind === 'Rescaling');
    this.source = this.fromPicture ? 'the picture' : `channel ${this.channel} of ${this.before.at(-1).layer.name}`;
    this.mapField.show(this.map, maps);
    this.channelField.show(this.channel, input.shape[2]);
    this.showMaps();
    this.showInputs();
    this.showSettings();
    this.numbers.hidden = this.asking;
    this.question.element.hidden = !this.asking;
    if (!this.asking) this.showNumbers();
    const says = this.asking ? this.question.show(this.explained, this.channel, this.fromPicture) : shown(this.value);
    this.frame.say(`Row ${this.row}, column ${this.column} of map ${this.map}: ${says}`);
  }

  get value() {
    const { shape: [, columns, maps], data } = this.step.output;
    return data[(this.row * columns + this.column) * maps + this.map];
  }

  showMaps() {
    const { output } = this.step, [rows, columns, maps] = output.shape;
    const most = this.frame.body.clientWidth < NARROW ? 8 : 12;
    paintMaps(this.overview.canvas, output, { own: true, most });
    this.grid = mapGrid(output.shape, most);
    const top = this.grid.top(this.map), left = this.grid.left(this.map);
    this.overview.mark({ top, bottom: top + rows - 1, left, right: left + columns - 1 });
    this.overview.name(`The ${maps} feature maps of ${this.name}; map ${this.map} is framed`);
    this.overviewText.textContent = `The maps of ${this.name}, each on a scale of its own: click one. ` +
      'Maps, channels, rows and columns are counted from 0.';

    const { size, negative } = paintMaps(this.picker.canvas, channelOf(output, this.map));
    this.picker.point(this.row, this.column);
    this.picker.name(`Map ${this.map} of ${this.name}`);
    this.mapTitle.textContent = `Map ${this.map} of ${this.name}:`;
    const dark = negative ? shown(-size, 2) : 0;
    this.range.textContent = `${rows} × ${columns}, dark is ${dark}, bright ${shown(size, 2)}`;
  }

  showInputs() {
    const field = receptiveField([...this.before, this.step], this.row, this.column), { canvas } = this.seen.picture;
    Object.assign(canvas, { width: 28, height: 28 });
    paintInk(canvas, this.pixels);
    this.seen.picture.mark(field);
    this.seen.picture.name('The picture, with the receptive field framed');
    this.seen.text.textContent = `Receptive field: ${lines(field)} of the picture. ` +
      'No other pixel can change this value.';

    this.input.element.hidden = this.fromPicture;
    if (this.fromPicture) return;
    const { top, left, shape: [rows, columns] } = this.explained, { input } = this.step;
    paintMaps(this.input.picture.canvas, channelOf(input, this.channel));
    this.input.picture.mark({ top, left, bottom: top + rows - 1, right: left + columns - 1 });
    this.input.picture.name(`${this.source}, with the patch framed`);
    this.input.text.textContent = `The patch in ${this.source}, ${input.shape[0]} × ${input.shape[1]}.`;
  }

  showSettings() {
    const { input, output, layer: { settings: { kernel_size: sides, strides, padding } } } = this.step;
    const [rows, columns] = [0, 1].map((axis) =>
      sideOf(input.shape[axis], sides[axis], strides[axis], padding, output.shape[axis]));
    const sentence = (what, side) => make('span', {}, `${what}: ${side}`);
    this.formula.replaceChildren(...(rows === columns ? [sentence('Side of the map', rows)]
      : [sentence('Rows', rows), sentence('Columns', columns)]));
    const others = input.shape[2] - 1, { channel, map } = this;
    this.says.textContent = 'That is ⌊(side + zeros − filter) / stride⌋ + 1; ⌊ ⌋ rounds down. ' +
      (others ? `A new filter changes channel ${channel} of map ${map}; its other ${others} channels stay. ` : '') +
      'The layers behind do not follow.';
    this.presets.select.value = this.presetNow();
    this.strideSlider.set(strides[0]);
    this.paddings.select.value = padding;
  }

  showNumbers() {
    const { input, layer: { settings: { use_bias: hasBias, activation } } } = this.step;
    const { patch, filter, products, top, left, bias, shape: [rows, columns, channels] } = this.explained;
    const outside = Array.from({ length: rows * columns }, (_, i) => {
      const row = top + Math.floor(i / columns), column = left + (i % columns);
      return row < 0 || row >= input.shape[0] || column < 0 || column >= input.shape[1];
    });
    const tables = this.editBox.input.checked ? { ...this.tables, filter: this.editable } : this.tables;
    const where = lines({ top, bottom: top + rows - 1, left, right: left + columns - 1 });
    tables.patch.show({
      caption: `Patch: ${where} of ${this.source}`, top, left, values: this.oneChannel(patch),
      range: rangeOf(input.data), ink: this.fromPicture, text: (value, i) => (outside[i] ? '(0)' : shown(value)),
    });
    tables.filter.show({
      caption: `Filter of map ${this.map}${channels > 1 ? `, channel ${this.channel}` : ''}`,
      values: this.weights(), range: bothSigns(filter),
    });
    tables.products.show({
      caption: 'Products, number by number', top, left, values: this.oneChannel(products), range: bothSigns(products),
    });
    if (!this.calculation.contains(tables.filter.element) || !this.calculation.contains(tables.patch.element))
      this.calculation.replaceChildren(
        tables.patch.element, signed('×', tables.filter.element), signed('=', tables.products.element),
        this.paddingText);
    this.paddingText.hidden = !outside.includes(true);

    const perChannel = Array.from({ length: channels }, (_, c) =>
      products.reduce((sum, product, i) => (i % channels === c ? sum + product : sum), 0));
    this.showChannels(perChannel);
    this.channelField.element.hidden = channels === 1;
    const all = perChannel.reduce((a, b) => a + b), ofChannel = channels > 1 ? ` of channel ${this.channel}` : '';
    this.sums.replaceChildren(
      line(`Sum of the ${rows * columns} products${ofChannel}`, shown(perChannel[this.channel])),
      ...(channels > 1 ? [line(`Sum of the ${channels} channels’ sums`, shown(all))] : []),
      line('Bias', hasBias ? shown(bias) : 'no bias'),
      ...(activation === 'linear' ? [] : [line('With the bias', shown(all + bias)), line('Then', activation)]),
      line('Value of the pixel', shown(this.value)),
    );
  }

  // One number for each channel, in bands as wide as the screen allows.
  showChannels(sums) {
    this.channelSums.hidden = sums.length === 1;
    const most = this.frame.body.clientWidth < NARROW ? 5 : 12, range = bothSigns(sums), channels = [...sums.keys()];
    const cell = (c) => {
      const element = make('td', { onclick: () => { this.channel = c; this.forget(); } }, shown(sums[c], 2));
      Object.assign(element.style, cellColours(sums[c], range));
      if (c === this.channel) element.setAttribute('aria-current', 'true');
      return element;
    };
    const head = (scope, text) => make('th', { scope }, String(text));
    const band = (among) => make('table', { 'aria-label': `Sums of channels ${among[0]} to ${among.at(-1)}` },
      make('thead', {}, make('tr', {}, head('row', 'channel'), ...among.map((c) => head('col', c)))),
      make('tbody', {}, make('tr', {}, head('row', 'sum'), ...among.map(cell))));
    this.channelSums.replaceChildren(
      make('p', {}, `Each channel’s sum of products; all ${sums.length} are added up. Click one to see its numbers.`),
      ...channels.filter((c) => c % most === 0).map((c) => band(channels.slice(c, c + most))));
  }

  // ------------------------------------------------------------------------------------------------ question mode
  ask(on) {
    this.asking = on;
    if (on && !isWorthAsking(middlePart(this.explained, this.channel))) this.anotherPixel();
    else this.forget();
  }

  // Sums that the reader may have worked out instead of the one asked for, in hundredths.
  otherSums() {
    const { layer, input, output: { shape: [rows, columns] } } = this.step, { bias } = this.explained;
    const sumAt = (row, column) => middlePart(explainPixel(layer, input, row, column, this.map), this.channel).sum;
    const beside = [[-1, 0], [1, 0], [0, -1], [0, 1]]
      .map(([down, across]) => [this.row + down, this.column + across])
      .filter(([row, column]) => row >= 0 && row < rows && column >= 0 && column < columns)
      .map(([row, column]) => [sumAt(row, column), `That is the sum for row ${row}, column ${column}: one pixel off.`]);
    return [
      ...beside,
      [sumAt(this.row, this.column) + 100 * bias, 'You added the bias already. Asked is the sum of the products.'],
      [100 * this.value, 'That is the map’s value. Use the rounded numbers in the tables.'],
    ];
  }

  // A pixel with something to multiply, drawn by lot.
  anotherPixel() {
    const { layer, input, output: { shape: [rows, columns] } } = this.step;
    const good = Array.from({ length: rows * columns }, (_, i) => [Math.floor(i / columns), i % columns])
      .filter(([row, column]) => (row !== this.row || column !== this.column) &&
        isWorthAsking(middlePart(explainPixel(layer, input, row, column, this.map), this.channel)));
    if (good.length) [this.row, this.column] = good[Math.floor(Math.random() * good.length)];
    this.forget();
  }
}

// ------------------------------------------------------------------------------------------------------ small parts
const unchanged = ({ settings: { strides, padding } }) => ({ strides, padding, filters: new Map() });

const preset = (name, rows, columns) =>
  Array.from({ length: rows * columns }, (_, i) => PRESETS[name](Math.floor(i / columns), i % columns, rows, columns));

const channelOf = ({ shape: [rows, columns, channels], data }, channel) =>
  tensor([rows, columns, 1], data.filter((_, i) => i % channels === channel));

// "rows 4 to 19, columns 2 to 17"
const lines = ({ top, bottom, left, right }) =>
  `rows ${whole(top)} to ${whole(bottom)}, columns ${whole(left)} to ${whole(right)}`;

// "⌊(28 + 4 − 5) / 1⌋ + 1 = 28; zeros: 2 before, 2 behind."
function sideOf(input, filter, stride, padding, count) {
  const zeros = padding === 'same' ? Math.max((count - 1) * stride + filter - input, 0) : 0;
  const before = Math.floor(zeros / 2);
  const spaced = `⌊(${input} + ${zeros} − ${filter}) / ${stride}⌋ + 1 = ${count}`;
  const formula = spaced.replaceAll(' ', '\u00a0'); // stays on one line
  return zeros ? `${formula}; zeros: ${before} before, ${zeros - before} behind.` : `${formula}.`;
}

const line = (name, value) => make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, value));

function figure(picture) {
  const text = make('figcaption');
  return { picture, text, element: make('figure', {}, picture.element, text) };
}

function fill(select, options, value) {
  select.replaceChildren(...options.map(([key, text]) => make('option', { value: key }, text)));
  select.value = value;
}

// A field for a whole number from 0 on; what is none is taken back.
function wholeField(name, onchange) {
  const input = make('input', { type: 'number', min: 0, step: 1 }), range = make('span', { className: 'lab-muted' });
  let current = 0;
  const good = () => input.value !== '' && input.checkValidity();
  input.addEventListener('input', () => {
    input.setAttribute('aria-invalid', String(!good()));
    if (good()) onchange(Number(input.value));
  });
  input.addEventListener('blur', () => {
    input.value = current;
    input.setAttribute('aria-invalid', 'false');
  });
  return {
    element: make('label', {}, make('span', {}, name), input, range),
    show(value, count) {
      current = value;
      input.max = count - 1;
      range.textContent = `0 to ${count - 1}`;
      if (input !== document.activeElement || good()) input.value = value; // half a number may still become one
    },
  };
}
