// The book's pages have no kernel. Where a page holds <div class="digits-lab-here" data-lab="draw">, this starts the
// lab of that name from the site's own files, and takes away the still picture that stood in its place.

import { pageWork } from './work.js';

const script = document.currentScript;
const folder = new URL('./', script.src), version = script.dataset.version;

const addressOf = (name) => new URL(`${name}?v=${version}`, folder).href;

// A page that was opened as a file may load scripts, but neither modules nor data. For it the site holds both a second
// time, as scripts that put them in here: offline/draw.js a lab, offline/cnn.safetensors.js a file in base64.
const fromFile = location.protocol === 'file:';
const unpacked = window.digitsBook = {};

function fromScript(name) {
  return new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = addressOf(`offline/${name}.js`);
    element.onload = () => resolve(unpacked[name]);
    element.onerror = () => reject(new Error(`the file ${name} is missing on this site.`));
    document.head.append(element);
  });
}

async function moduleOf(name) {
  return fromFile ? fromScript(name) : (await import(addressOf(`${name}.js`))).default;
}

async function file(name) {
  if (fromFile) return Uint8Array.from(atob(await fromScript(name)), (letter) => letter.charCodeAt(0)).buffer;
  const answer = await fetch(addressOf(`files/${name}`));
  if (!answer.ok) throw new Error(`the file ${name} is missing on this site.`);
  return answer.arrayBuffer();
}

// "#draw=1.eyJ..." is a state for the lab named draw, in version 1.
function linkedState() {
  const [, lab, number, text] = /^#([a-z-]+)=(\d+)\.(.*)$/.exec(location.hash) ?? [];
  return lab && { lab, version: Number(number), text };
}

// Stands in for anywidget's model: the stored settings, and what a page has instead of a kernel.
function pageModel(name, settings, linked) {
  const values = { settings };
  return {
    get: (key) => values[key],
    set: (key, value) => { values[key] = value; },
    save_changes() {},
    on() {},
    off() {},
    send() {},
    file,
    work: pageWork,
    linked: linked?.lab === name ? linked : undefined,
    link(text) {
      history.replaceState(null, '', `#${name}=${text}`);
      return location.href;
    },
  };
}

async function start(place, linked) {
  const { lab: name, settings = '{}' } = place.dataset, still = [...place.children];
  try {
    const module = await moduleOf(name);
    const element = document.createElement('div');
    place.append(element);
    const rendering = module.render({ model: pageModel(name, JSON.parse(settings), linked), el: element });
    still.forEach((child) => { child.hidden = true; });
    await rendering;
    if (element.querySelector('[data-failed]')) still.forEach((child) => { child.hidden = false; });
  } catch (error) {
    console.info(error);
    const told = document.createElement('p');
    told.className = 'lab-notice';
    told.textContent = location.protocol === 'file:'
      ? 'This lab could not start from a file. Serve the folder that holds this site instead: in it, run ' +
        '"python -m http.server", then open http://localhost:8000.'
      : 'This lab could not start here. The rest of the page does not need it.';
    place.prepend(told);
  }
}

// A lab far down the page waits until the reader comes near; one that the address speaks of does not.
function startAll() {
  const linked = linkedState();
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      start(target, linked);
    }
  }, { rootMargin: '400px' });
  const spoken = linked && document.querySelector(`[data-lab="${CSS.escape(linked.lab)}"]`);
  for (const place of document.querySelectorAll('[data-lab]')) near.observe(place);
  spoken?.scrollIntoView();
}

startAll();
addEventListener('hashchange', () => { if (linkedState()) location.reload(); });
