// Elements, made in one call: make('button', { type: 'button', onclick: clear }, 'Clear').
// Names with a hyphen, `role` and `for` become attributes, all others properties.

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role' || name === 'for') element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

// An element of a drawing inside the page (SVG), whose properties are all attributes.
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function button(text, onclick, properties = {}) {
  return make('button', { type: 'button', className: 'lab-button', onclick, ...properties }, text);
}

// A slider with its name and value in text: { element, input }. `show` turns a number into what stands beside it.
export function slider(name, { min, max, step = 1, value, show = String }, onchange) {
  const input = make('input', { type: 'range', min, max, step, value });
  const text = make('span', { className: 'lab-value' }); // not an <output>: that would be a second status line
  const write = () => {
    text.textContent = show(Number(input.value));
    input.setAttribute('aria-valuetext', text.textContent);
  };
  input.addEventListener('input', () => { write(); onchange(Number(input.value)); });
  write();
  return {
    element: make('label', { className: 'lab-slider' }, make('span', {}, name), input, text),
    input,
    set(to) { input.value = to; write(); },
  };
}

// A box to tick: { element, input }.
export function checkbox(name, checked, onchange) {
  const input = make('input', { type: 'checkbox', checked, onchange: () => onchange(input.checked) });
  return { element: make('label', { className: 'lab-check' }, input, make('span', {}, name)), input };
}

// A drop-down list: { element, select }. Options are [value, text].
export function choice(name, options, value, onchange) {
  const entries = options.map(([key, text]) => make('option', { value: key, selected: String(key) === String(value) }, text));
  const select = make('select', { onchange: () => onchange(select.value) }, ...entries);
  return { element: make('label', { className: 'lab-choice' }, make('span', {}, name), select), select };
}

// A table of texts or elements. The first cell of each row names it.
export function table(caption, heads, rows) {
  return make('table', {}, make('caption', {}, caption),
    make('thead', {}, make('tr', {}, ...heads.map((head) => make('th', { scope: 'col' }, head)))),
    make('tbody', {}, ...rows.map(([name, ...cells]) =>
      make('tr', {}, make('th', { scope: 'row' }, name), ...cells.map((cell) => make('td', {}, cell))))));
}

// Call `work` once before the next picture is painted, however often it is asked for.
export function oncePerFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; work(); });
  };
}
