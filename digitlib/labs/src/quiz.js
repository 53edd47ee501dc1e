// Quizzes: a card for each question, and an explanation for each choice once it has been tried. What was tried is kept.

import { button, make } from './dom.js';
import { lab } from './lab.js';

export default lab('quiz', async (frame) => {
  const name = frame.settings.quiz;
  const quiz = JSON.parse(new TextDecoder().decode(await frame.file(`quiz-${name}.json`)));
  const cards = quiz.questions.map((question, i) => new Card(question, i + 1, `quiz-${name}-${question.id}`));
  for (const card of cards) {
    card.element.addEventListener('submit', (event) => {
      event.preventDefault();
      tell(card.check());
      keep();
    });
  }
  const keep = () => frame.keep('quizzes', name,
    Object.fromEntries(cards.filter(({ tried }) => tried.length).map(({ id, tried }) => [id, tried])));

  // The status line is for screen readers: the cards say the same where they stand.
  frame.status.classList.add('lab-unseen');
  const summary = make('p', { className: 'lab-summary' });
  const tell = (said) => {
    summary.textContent = inSum(cards);
    frame.say(`${said} ${summary.textContent}`.trim());
  };
  const again = button('Start again', () => {
    cards.forEach((card) => card.restore([]));
    keep();
    tell('All answers are taken back.');
  });
  frame.body.append(make('p', { className: 'lab-title' }, quiz.title), ...cards.map(({ element }) => element),
    make('div', { className: 'lab-row' }, summary, again), frame.status);

  const before = (await frame.kept('quizzes', name)) ?? {};
  for (const card of cards) if (Object.hasOwn(before, card.id)) card.restore(before[card.id]);
  tell('');
});

// How far the reader is, in a sentence.
function inSum(cards) {
  const solved = cards.filter((card) => card.solved), first = solved.filter(({ tried }) => tried.length === 1).length;
  if (!cards.some(({ tried }) => tried.length)) return `${cards.length} questions. Choose an answer and check it.`;
  if (solved.length === cards.length) return `All answered: ${first} of ${cards.length} right at the first try.`;
  return `${solved.length} of ${cards.length} answered, ${first} right at the first try.`;
}

// One question. Wrong choices may be tried until the right one is found; then the others may still be asked for.
class Card {
  constructor(question, number, id) {
    this.id = question.id;
    this.number = number;
    this.choices = question.choices.map((choice, i) => new Choice(choice, id, `${id}-${i + 1}`));
    this.told = make('span', { className: 'lab-told' });
    // A form of its own, so that the same quiz may stand twice on a page.
    this.element = make('form', { className: 'lab-card' },
      make('fieldset', {}, make('legend', {}, `${number}. `, ...withCode(question.ask)),
        ...this.choices.map(({ element }) => element)),
      make('button', { className: 'lab-button', 'aria-label': `Check question ${number}` }, 'Check'), this.told);
    this.restore([]);
  }

  get solved() {
    return this.choices.some((choice) => choice.right && this.tried.includes(choice.text));
  }

  // Show the card as it is after these choices; those that the quiz does not offer (any more) are passed over.
  restore(tried) {
    this.tried = tried.filter((text) => this.choices.some((choice) => choice.text === text));
    this.told.textContent = '';
    this.choices.forEach((choice) => {
      choice.input.checked = choice.text === this.tried.at(-1);
      choice.show(this.tried.includes(choice.text));
    });
  }

  // Take the chosen answer, and say what is to be said about it.
  check() {
    const choice = this.choices.find(({ input }) => input.checked);
    this.told.textContent = choice ? '' : 'Choose an answer first.';
    if (!choice) return `Question ${this.number}: choose an answer first.`;
    if (!this.solved && !this.tried.includes(choice.text)) this.tried.push(choice.text);
    choice.show(true);
    return `Question ${this.number}: ${choice.verdict}${this.solved ? '' : ' Try another one.'}`;
  }
}

class Choice {
  constructor({ text, right, why }, group, id) {
    Object.assign(this, { text, right, verdict: `${right ? 'Right.' : 'Not this one.'} ${why.replaceAll('`', '')}` });
    this.input = make('input', { type: 'radio', name: group, 'aria-describedby': `${id}-why` });
    this.why = make('p', { className: `lab-why lab-${right ? 'right' : 'wrong'}`, id: `${id}-why` },
      make('b', {}, right ? '✓ Right. ' : '✗ Not this one. '), ...withCode(why));
    this.element = make('div', { className: 'lab-answer' },
      make('label', {}, this.input, make('span', {}, ...withCode(text))), this.why);
  }

  show(tried) {
    this.why.hidden = !tried;
  }
}

// What stands in backticks becomes code.
const withCode = (text) => text.split('`').map((part, i) => (i % 2 ? make('code', {}, part) : part));
