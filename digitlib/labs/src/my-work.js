// "Your work": what is kept of it here, a pseudonym for it, and a file to carry it elsewhere.

import { button, make } from './dom.js';
import { lab } from './lab.js';
import { LARGEST_FILE } from './work.js';

const LABS = new Map([['draw', 'a drawing'], ['design', 'a filter'], ['guess', 'a game of guessing']]);
let fields = 0;

export default lab('my-work', async (frame) => {
  const { work } = frame;
  const here = frame.model.work ? 'this browser' : 'the file my-digits-work.json beside your notebook';
  const list = make('ul', { className: 'lab-kept' });

  // ------------------------------------------------------------------------------------------------ the pseudonym
  const hint = make('p', { className: 'lab-hint', id: `lab-my-work-hint-${++fields}` },
    'A name for your file, if you hand it in, such as “Blue Fox 7”. Do not take your own name: besides the pseudonym ' +
    'and what you did, nothing about you is in the file.');
  const pseudonym = make('input', {
    type: 'text', autocomplete: 'off', spellcheck: false, 'aria-describedby': hint.id,
    onchange: () => act(async () => {
      const told = await work.setPseudonym(pseudonym.value);
      return `The pseudonym is kept. ${told ?? ''}`;
    }),
  });

  // ---------------------------------------------------------------------------------------------- save and restore
  const save = button('Save all to a file', () => act(async () => {
    await work.setPseudonym(pseudonym.value); // refused if it cannot stand in the file
    const all = await work.all(), chosen = all.pseudonym.trim().replaceAll(' ', '-');
    const name = ['digits-work', ...(chosen ? [chosen] : [])].join('-');
    download(`${name}.json`, `${JSON.stringify(all)}\n`);
    return `Saved as ${name}.json, where your browser puts its downloads.`;
  }));
  const file = make('input', {
    type: 'file', accept: '.json,application/json',
    onchange: () => act(async () => {
      const [chosen] = file.files;
      if (!chosen) return '';
      try {
        if (chosen.size > LARGEST_FILE) throw new Error('This file cannot be restored: it is larger than ' +
          `${LARGEST_FILE.toLocaleString('en')} bytes. Nothing has been changed.`);
        const told = await work.restore(new Uint8Array(await chosen.arrayBuffer()));
        return `Restored: what the file holds has been added to what was here. ${told ?? ''}`;
      } finally {
        file.value = ''; // so that the same file can be chosen again
      }
    }),
  });

  // ---------------------------------------------------------------------------------------------------- forgetting
  const forget = button('Forget everything here', () => ask(true));
  const no = button('No, keep it', () => { ask(false); forget.focus(); });
  const yes = button('Yes, forget it', () => act(async () => {
    await work.forget();
    ask(false);
    forget.focus();
    return 'Everything is forgotten.';
  }));
  const question = make('div', { className: 'lab-row lab-sure', role: 'group', 'aria-label': 'Really forget?' },
    make('span', {}, 'Really? Only a file that you have saved brings it back.'), no, yes);
  const ask = (asked) => {
    question.hidden = !asked;
    if (asked) no.focus();
  };

  frame.body.append(
    make('p', { className: 'lab-title' }, `Kept in ${here}`), list,
    make('label', { className: 'lab-choice' }, make('span', {}, 'Pseudonym'), pseudonym), hint,
    make('div', { className: 'lab-row' }, save),
    make('label', { className: 'lab-choice' }, make('span', {}, 'Restore from a file'), file),
    make('div', { className: 'lab-row' }, forget), question, frame.status);
  ask(false);

  // Do something, show what is kept then, and say how it went.
  const act = async (what) => {
    try {
      const told = await what(), all = await work.all();
      list.replaceChildren(...inWords(all).map((text) => make('li', {}, text)));
      pseudonym.value = all.pseudonym;
      if (told) frame.say(told.trim());
    } catch (error) {
      frame.say(error.message);
    }
  };
  await act(() => `All this is kept in ${here} and nowhere else.`);

  if (!frame.model.work) return;
  // Another page of the book may change it, in another window or before the reader comes back to this one.
  const again = () => act(() => '');
  for (const event of ['storage', 'pageshow']) {
    addEventListener(event, again);
    frame.onClose(() => removeEventListener(event, again));
  }
});

// What is kept, line by line.
function inWords({ exercises, quizzes, labs }) {
  const names = Object.keys(exercises).sort(), solved = names.filter((name) => exercises[name].solved);
  const answered = Object.entries(quizzes).map(([name, quiz]) => [name, Object.keys(quiz).length]).filter(([, n]) => n);
  return [
    names.length ? `Exercises: ${solved.length} of ${names.length} tried are solved: ${solved.join(', ')}` : 'Exercises: none tried yet',
    ...answered.sort().map(([name, count]) => `Quiz ${name}: ${count} ${count === 1 ? 'question' : 'questions'} tried`),
    ...(answered.length ? [] : ['Quizzes: none tried yet']),
    Object.keys(labs).length ? `Labs: ${Object.keys(labs).sort().map((name) => LABS.get(name) ?? name).join(', ')}` : 'Labs: nothing yet',
  ];
}

// Hand a file to the browser's downloads.
function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = make('a', { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
