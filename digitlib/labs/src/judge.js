// Lab "Judge the label": thirty test digits, judged blind; then label, network and five people on each.

import { inShort, topOf } from './answer.js';
import { button, make, table } from './dom.js';
import { forward } from './engine.js';
import { lab, numberIn, oneOf } from './lab.js';
import { readNetwork, readTensors } from './network.js';
import { paintInk } from './paint.js';
import { shareInterval } from './share.js';

const TEST_IMAGES = 10_000;
const CANNOT = '?'; // a vote: "cannot tell"
const VOTES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, CANNOT];

export default lab('judge', async (frame) => {
  const right = numberIn(frame.settings.right, 0, TEST_IMAGES, 'the number of right answers');
  const images = readImages(readTensors(await frame.file('lab-judge.safetensors')).tensors);
  let votes = images.map(() => null), at = 0, shown = false;

  // ---------------------------------------------------------------------------------------------- voting, blind
  const canvas = make('canvas', { width: 28, height: 28, className: 'lab-judged', role: 'img' });
  const answers = VOTES.map((vote) => button(vote === CANNOT ? 'Cannot tell' : String(vote), () => give(vote)));
    const reveal = button('', () => { show(); heading.focus(); }, { disabled: true });
  const ballot = make('div', { className: 'lab-ballot' }, canvas,
    make('div', {},
      make('div', { className: 'lab-votes', role: 'group', 'aria-label': 'Your vote' }, ...answers),
      make('div', { className: 'lab-row' }, button('Back', () => go(at - 1)), button('Next', () => go(at + 1)), reveal),
      make('p', { className: 'lab-hint' }, 'With keys, once a button here has the focus: 0 to 9, a dash if you ' +
        'cannot tell, arrows left and right to go back and on. Your votes stay in this page; only a link that you ' +
        'make holds them.')));
  ballot.addEventListener('keydown', (event) => press(event));

  // ------------------------------------------------------------------------------------------------ the verdicts
  const heading = make('p', { className: 'lab-title', tabIndex: -1 }, 'The verdicts');
  const results = make('div', {});
  const verdicts = make('div', {}, heading, results);
  const again = button('Start again', () => {
    [votes, shown] = [images.map(() => null), false];
    go(0);
    answers[0].focus();
  });
  frame.body.append(frame.status, ballot, verdicts,
    make('div', { className: 'lab-row' }, again, frame.linkButton(() => ({ votes, at, shown }))));

  const give = (vote) => {
    const judged = at;
    votes[judged] = vote;
    const later = [...votes.keys()].map((i) => (judged + 1 + i) % votes.length).find((i) => votes[i] === null);
    go(later ?? judged, `Noted: ${inWords(vote)}. `);
  };

  const go = (to, told = '') => {
    at = (to + images.length) % images.length;
    const left = votes.filter((vote) => vote === null).length;
    paintInk(canvas, images[at].pixels);
    canvas.setAttribute('aria-label', `Image ${at + 1} of ${images.length}, a handwritten digit for you to judge`);
    answers.forEach((each, i) => each.setAttribute('aria-pressed', votes[at] === VOTES[i]));
    reveal.textContent = left ? `Show the verdicts now (${left} not judged)` : 'Show the verdicts';
    ballot.hidden = shown;
    verdicts.hidden = again.hidden = !shown;
    if (shown) return;
    const mine = votes[at] === null ? 'What do you read?' : `Your vote: ${inWords(votes[at])}.`;
    frame.say(`${told}Image ${at + 1} of ${images.length}. ${mine}${left ? '' : ' You have judged all of them.'}`);
  };

  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event, digit = '0123456789'.indexOf(key);
    if (digit >= 0) give(digit);
    else if (key === '-') give(CANNOT);
    else if (key === 'ArrowLeft') go(at - 1);
    else if (key === 'ArrowRight') go(at + 1);
    else return;
    event.preventDefault();
  };

  const show = () => {
    shown = true;
    go(at);
    const judged = images.map((image, i) => ({ ...image, number: i + 1, vote: votes[i] }));
    results.replaceChildren(...verdictOn(judged, right));
    frame.say(inBrief(judged.filter((image) => isDisputed(image) && image.vote !== null)));
  };

  go(0);
  frame.restore((given) => {
    if (!Array.isArray(given.votes) || given.votes.length !== images.length)
      throw new Error(`there should be ${images.length} votes.`);
    given.votes.forEach((vote) => oneOf(vote, [...VOTES, null], 'a vote'));
    const image = oneOf(given.at, [...images.keys()], 'the image');
    shown = oneOf(given.shown, [true, false], 'whether verdicts are shown');
    votes = given.votes;
    go(image);
  });

  // -------------------------------------------------------------------------------------- what the network reads
  const network = readNetwork(await frame.own('network', 'cnn.safetensors'));
  for (const image of images) {
    image.probabilities = Array.from(forward(network, image.pixels).at(-1).output.data);
    image.answer = topOf(image.probabilities);
    await new Promise((resolve) => { setTimeout(resolve); }); // let the page breathe, a phone takes a while
  }
  const agreed = images.filter(({ answer, label }) => answer === label).length;
  if (right < agreed || right > TEST_IMAGES - (images.length - agreed))
    throw new Error(`a network that is right on ${agreed} of these digits cannot be right on ${right} of all.`);
  reveal.disabled = false;
  if (shown) show();
});

const inWords = (vote) => (vote === CANNOT ? 'cannot tell' : String(vote));

const isDisputed = ({ group }) => group !== 'undisputed';

function readImages({ images, indices, labels, guesses, votes }) {
  return Array.from(indices.data, (index, i) => {
    const [forLabel, forGuess, forNeither] = votes.data.subarray(3 * i);
    const label = labels.data[i], guess = guesses.data[i];
    const group = forLabel >= 3 ? 'undisputed' : forGuess >= 3 ? 'outvoted' : 'open';
    return {
      index, label, group, pixels: images.data.subarray(784 * i, 784 * (i + 1)),
      majority: { undisputed: label, outvoted: guess }[group] ?? null,
      people: [[label, forLabel], [guess, forGuess], [CANNOT, forNeither]].flatMap(([each, n]) => Array(n).fill(each)),
    };
  });
}

// ------------------------------------------------------------------------------------------------- the verdicts
function verdictOn(images, right) {
  const disputed = images.filter(isDisputed), undisputed = images.filter((image) => !isDisputed(image));
  return [
    imageTable('The disputed digits: at most two of five people confirmed the label. A question mark: you could not ' +
      'tell; a person chose neither the label nor the program’s guess.', disputed),
    make('details', {}, make('summary', {}, `The ${undisputed.length} undisputed digits`),
      imageTable('All five people confirmed the label.', undisputed)),
    make('p', { className: 'lab-title' }, 'With whom did you agree?'), agreementTable(images),
    make('p', {}, 'These are small numbers: 6 of 10 would fit any true share from 31 % to 83 %. They tell you about ' +
      'these digits, not how well you or the network read in general.'),
    make('p', { className: 'lab-title' }, 'The score, counted anew'), scoreTable(disputed, right),
    make('p', {}, 'Which score is right? The published labels remain the ones to report. Only digits that a program ' +
      'found doubtful were ever shown to people. Where the program agreed with a wrong label, nobody looked, and ' +
      'that mistake stays. So correcting these few favours networks that think as that program does. To check the ' +
      'labels fairly, people would have to judge a random sample, without seeing label or guess.'),
  ];
}

function imageTable(caption, images) {
  const rows = images.map(({ pixels, number, index, vote, label, probabilities, people, majority }) => {
    const canvas = make('canvas', { width: 28, height: 28, className: 'lab-digit', role: 'img' });
    canvas.setAttribute('aria-label', `Image ${number}, number ${index} of the test set`);
    paintInk(canvas, pixels);
    return [canvas, vote ?? '–', label, inShort(probabilities),
      make('span', {}, people.join(' '), make('br'), majority === null ? 'no majority' : `most: ${majority}`)];
  });
  return table(caption, ['image', 'you', 'label', 'network', 'five people'], rows);
}

function inBrief(disputed) {
  const agreed = (chosen) => disputed.filter((image) => image.vote === chosen(image)).length;
  if (!disputed.length) return 'You have judged none of the disputed digits.';
  return `Disputed digits that you judged: ${disputed.length}. You agree with the label on ` +
    `${agreed(({ label }) => label)}, with the network on ${agreed(({ answer }) => answer)}.`;
}

const GROUPS = ['outvoted', 'open', 'undisputed'];

function agreementTable(images) {
  const count = (group, chosen) => {
    const judged = images.filter((image) => image.group === group && image.vote !== null);
    const agreed = judged.filter((image) => image.vote === chosen(image)).length;
    return make('span', {}, `${agreed} of ${judged.length}`);
  };
  const rows = [
    ['the label', ({ label }) => label],
    ['the network', ({ answer }) => answer],
    ['most of the people', ({ majority }) => majority],
    ['nobody: “cannot tell”', () => CANNOT],
  ].map(([name, chosen]) => [name, ...GROUPS.map((group) => count(group, chosen))]);
  return table('Of the digits that you judged. Outvoted: most people chose another digit than the label. Open: no ' +
    'digit has most of the people.', ['you agree with', ...GROUPS], rows);
}

function scoreTable(disputed, right) {
  const judged = disputed.filter(({ vote }) => vote !== null).length;
  const mine = ({ vote, label }) => (vote === null ? label : vote === CANNOT ? null : vote);
  const rows = [
    ['as published', ({ label }) => label],
    ['ten labels as most people say, the five open ones left out', ({ majority }) => majority],
    [`your labels for the ${judged} disputed ones that you judged, “cannot tell” left out`, mine],
  ].map(([name, labelOf]) => {
    const { count, total } = recount(right, disputed, labelOf), [low, high] = shareInterval(count, total);
    return [name, `${count.toLocaleString('en')} of ${total.toLocaleString('en')}`,
      `${inPercent(count / total)} (${inPercent(low)} to ${inPercent(high)})`];
  });
  return table('The network’s answers never change, and neither do the labels of the other test digits.',
    ['labels', 'right', 'accuracy and its interval'], rows);
}

const inPercent = (share) => `${(100 * share).toFixed(2)} %`;

// The score with other labels for some digits; a digit that gets the label null is left out.
function recount(right, images, labelOf) {
  let count = right, total = TEST_IMAGES;
  for (const image of images) {
    const label = labelOf(image);
    if (image.answer === image.label) count -= 1;
    if (label === null) total -= 1;
    else if (image.answer === label) count += 1;
  }
  return { count, total };
}
