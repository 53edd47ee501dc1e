// What all labs share: a frame with a status line, files, a state that can be linked to, and an honest end when
// something fails. A lab is `export default lab('draw', async (frame) => { ... })`, an anywidget front-end module:
// in a notebook anywidget runs it, on the book's pages host.js does.

import { button, make } from './dom.js';
import { kernelWork } from './kernel_work.js';

const STATE_VERSION = 1;

export function lab(name, start) {
  return {
    async render({ model, el }) {
      const frame = new Frame(name, model);
      el.append(frame.element);
      try {
        await start(frame);
        // Ready once its first picture is painted, which the lab has asked for before.
        requestAnimationFrame(() => { frame.element.dataset.ready = 'true'; });
      } catch (error) {
        frame.fail(error);
      }
      return () => frame.close();
    },
  };
}

class Frame {
  constructor(name, model) {
    this.name = name;
    this.model = model;
    this.settings = model.get('settings') ?? {};
    this.work = model.work ?? kernelWork(model); // what is kept for the reader
    this.status = make('p', { role: 'status', className: 'lab-status' });
    this.notice = make('p', { className: 'lab-notice', hidden: true });
    this.body = make('div', { className: 'lab-body' });
    this.element = make('div', { className: `digits-lab lab-${name}` }, this.notice, this.body);
    // JupyterLab takes keys for commands of its own, arrows and digits too, unless what has the focus says otherwise.
    this.element.addEventListener('focusin', ({ target }) => target.setAttribute('data-lm-suppress-shortcuts', 'true'));
    this.closing = [];
  }

  // What a screen reader is told, and what stands in the status line. The lab puts `status` where it belongs.
  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  warn(text) {
    this.notice.textContent = text;
    this.notice.hidden = false;
  }

  fail(error) {
    console.info(error); // for whoever looks for the cause; the reader is told in the page
    this.body.remove();
    this.warn(`This lab could not start: ${error.message} The rest of the page does not need it.`);
    this.element.dataset.failed = 'true';
  }

  onClose(work) {
    this.closing.push(work);
  }

  close() {
    this.closing.forEach((work) => work());
    this.element.remove();
  }

  // The bytes of a file that ships with the labs. On a page they are fetched; in a notebook the kernel sends them.
  async file(name) {
    return this.model.file ? this.model.file(name) : askKernel(this.model, name);
  }

  // Bytes that the kernel put into the widget, such as the reader's own network; else the file that ships.
  async own(key, name) {
    const view = this.model.get(key);
    if (!view?.byteLength) return this.file(name);
    return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  }

  // What the reader did here before, or undefined. If it cannot be read, the lab begins anew; `keep` will say why.
  async kept(part, key) {
    try {
      return await this.work.kept(part, key);
    } catch {
      return undefined;
    }
  }

  // Keep what the reader did, for the next time: in this browser, or in a notebook's file.
  async keep(part, key, value) {
    try {
      const told = await this.work.keep(part, key, value);
      if (told) this.warn(told);
    } catch (error) {
      this.warn(error.message);
    }
  }

  // Begin as the page's address says. `restore` takes the state that `share` gave, or throws if it is none.
  restore(restore) {
    const linked = this.model.linked;
    if (!linked) return;
    try {
      if (linked.version !== STATE_VERSION)
        throw new Error(`it was made by version ${linked.version} of the labs, and this page knows version ${STATE_VERSION}.`);
      restore(JSON.parse(decode(linked.text)));
    } catch (error) {
      this.warn(`The link's state cannot be shown: ${error instanceof SyntaxError ? 'it is damaged.' : error.message}`);
    }
  }

  // A button that puts the lab's state into the page's address, for passing on. A notebook has no such address.
  linkButton(share) {
    if (!this.model.link) return '';
    const told = make('span', { className: 'lab-told', 'aria-live': 'polite' });
    const copy = async () => {
      const address = this.model.link(`${STATE_VERSION}.${encode(JSON.stringify(share()))}`);
      try {
        await navigator.clipboard.writeText(address);
        told.textContent = 'Copied.';
      } catch {
        told.textContent = 'It is in the address bar now.';
      }
    };
    return make('span', {}, button('Link to this', copy), told);
  }
}

// Text as letters that an address may hold.
function encode(text) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function decode(letters) {
  let bytes;
  try {
    bytes = atob(letters.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    throw new SyntaxError('not base64');
  }
  return new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
}

// For states: refuse what is not a number in its range, by name.
export function numberIn(value, low, high, name) {
  if (typeof value !== 'number' || !(value >= low && value <= high))
    throw new Error(`${name} should be a number from ${low} to ${high}, but is ${JSON.stringify(value)}.`);
  return value;
}

export function oneOf(value, allowed, name) {
  if (!allowed.includes(value)) throw new Error(`${name} cannot be ${JSON.stringify(value)}.`);
  return value;
}

function askKernel(model, name) {
  return new Promise((resolve, reject) => {
    const answer = (content, buffers) => {
      if (content.file !== name) return;
      model.off('msg:custom', answer);
      if (content.error) reject(new Error(content.error));
      else resolve(buffers[0].buffer.slice(buffers[0].byteOffset, buffers[0].byteOffset + buffers[0].byteLength));
    };
    model.on('msg:custom', answer);
    model.send({ want: name });
  });
}
