// Lab "Guess the digit": twenty digits drawn by lot, the same for the reader and the network, against the clock. Then
// twenty that the network found hard, and why that is no fair comparison.

import { inShort, topOf } from './answer.js';
import { button, checkbox, make, table } from './dom.js';
import { forward } from './engine.js';
import { lab, numberIn, oneOf } from './lab.js';
import { readNetwork, readTensors } from './network.js';
import { paintInk } from './paint.js';
import { shareInterval } from './share.js';
import { randomNumbers } from './transform.js';

const COUNT = 20; // digits in a round
const LARGEST_DRAW = 9999;
const DIGITS = Array.from({ length: 10 }, (_, digit) => digit);

export default lab('guess', async (frame) => {
  const { digits, misread, total } = await readDigits(await frame.own('data', 'lab-guess.safetensors'));
  const network = readNetwork(await frame.own('network', 'cnn.safetensors'));
  let draw = randomDraw(), rounds = [], began = 0, over = true;

  // -------------------------------------------------------------------------------------------------- the start
  const drawField = make('input', { type: 'number', min: 0, max: LARGEST_DRAW, step: 1, value: draw });
  drawField.addEventListener('input', () => {
    const good = drawField.value !== '' && drawField.checkValidity();
    drawField.setAttribute('aria-invalid', String(!good));
    begin.disabled = !good;
    if (good) ready(Number(drawField.value));
    else frame.say(`A draw has a whole number from 0 to ${LARGEST_DRAW}.`);
  });
  const another = button('Draw anew', () => { drawField.value = randomDraw(); drawField.dispatchEvent(new Event('input')); });
  const clock = checkbox('With a clock', true, () => showTime());
  const begin = button('Start', () => play(0));
  const opening = make('div', {},
    make('p', {}, `${COUNT} of ${digits.random.length} validation digits, drawn by lot. The network reads the same ` +
      `${COUNT}. The number of the draw stands for them: with the same number, a whole class gets the same digits.`),
    make('div', { className: 'lab-row' }, make('label', {}, make('span', {}, 'Draw number'), drawField), another, begin));

  // ------------------------------------------------------------------------------------------------ one round
  const canvas = make('canvas', { width: 28, height: 28, className: 'lab-judged', role: 'img' });
  const time = make('p', { className: 'lab-time' });
  const back = button('Take back', () => takeBack());
  const ballot = make('div', { className: 'lab-ballot', tabIndex: -1, role: 'group', 'aria-label': 'Your answers' }, canvas,
    make('div', {}, time,
      make('div', { className: 'lab-votes' }, ...DIGITS.map((digit) => button(String(digit), () => give(digit)))),
      make('div', { className: 'lab-row' }, back),
      make('p', { className: 'lab-hint' }, 'With keys, while the focus is in here: 0 to 9; Backspace takes back. What ' +
        'you answer stays on this machine.')));
  ballot.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const digit = '0123456789'.indexOf(event.key);
    if (digit >= 0) give(digit);
    else if (event.key === 'Backspace') takeBack();
    else return;
    event.preventDefault();
  });

  // ------------------------------------------------------------------------------------------------ the results
  const heading = make('p', { className: 'lab-title', tabIndex: -1 }), results = make('div');
  const second = button(`Round two: ${COUNT} that the network found hard`, () => play(1));
  const anew = button('Play again, with another draw', () => { ready(randomDraw()); begin.focus(); });
  const ending = make('div', {}, heading, results, make('div', { className: 'lab-row' }, second, anew));
  frame.body.append(frame.status, opening, ballot, ending,
    make('div', { className: 'lab-row lab-always' }, clock.element, frame.linkButton(() => ({ draw }))));

  const only = (part) => [opening, ballot, ending].forEach((each) => { each.hidden = each !== part; });

  const ready = (number) => {
    [draw, rounds, over] = [number, [], true];
    if (Number(drawField.value) !== draw || drawField.value === '') drawField.value = draw;
    drawField.setAttribute('aria-invalid', 'false');
    begin.disabled = false;
    only(opening);
    frame.say(`Draw ${draw}: ${COUNT} digits wait for you.`);
  };

  const play = (number) => {
    rounds[number] = { digits: drawn(digits, draw)[number], answers: [], seconds: 0 };
    [began, over] = [performance.now(), false];
    only(ballot);
    next();
    ballot.focus();
  };

  const next = () => {
    const { digits: chosen, answers } = rounds.at(-1);
    paintInk(canvas, chosen[answers.length].pixels);
    canvas.setAttribute('aria-label', `Digit ${answers.length + 1} of ${COUNT}, for your eyes to read`);
    back.disabled = !answers.length;
    frame.say(`Digit ${answers.length + 1} of ${COUNT}. ${answers.length ? `Noted: ${answers.at(-1)}.` : 'What do you read?'}`);
    showTime();
  };

  const give = (digit) => {
    if (over) return;
    const { answers } = rounds.at(-1);
    answers.push(digit);
    if (answers.length < COUNT) next();
    else end();
  };

  const takeBack = () => {
    rounds.at(-1).answers.pop();
    next();
  };

  const showTime = () => {
    time.hidden = !clock.input.checked;
    if (!over) time.textContent = `${Math.floor((performance.now() - began) / 1000)} s`;
  };
  const ticking = setInterval(showTime, 1000);
  frame.onClose(() => clearInterval(ticking));

  const end = () => {
    over = true;
    rounds.at(-1).seconds = clock.input.checked ? (performance.now() - began) / 1000 : null;
    showResults();
    heading.focus();
    frame.keep('labs', 'guess', { draw, rounds: rounds.map(({ digits: chosen, answers, seconds }) =>
      ({ labels: chosen.map(({ label }) => label), answers, seconds })) });
  };

  const showResults = async () => {
    const round = rounds.at(-1);
    only(ending);
    second.hidden = true;
    heading.textContent = rounds.length > 1 ? 'Round two: the network’s hard digits' : 'Round one: digits drawn by lot';
    results.replaceChildren();
    frame.say(`The network reads the same ${COUNT} …`);
    for (const each of rounds) if (each.theirSeconds === undefined) await read(network, each);
    if (rounds.at(-1) !== round) return; // another game has begun meanwhile
    results.replaceChildren(...(rounds.length > 1 ? secondResults(rounds, misread, total) : firstResults(round, misread, total)));
    second.hidden = rounds.length > 1;
    const [mine, theirs] = mistakesOf(round);
    frame.say(`You misread ${mine} of ${COUNT}, the network ${theirs}.`);
  };

  ready(draw);
  const game = await frame.kept('labs', 'guess');
  if (game && !frame.model.linked) {
    try {
      ({ draw, rounds } = checkedGame(game, digits));
      await showResults();
    } catch {
      ready(draw); // of another network's digits, or none at all: begin anew
    }
  }
  frame.restore((state) => ready(checkedDraw(state.draw)));
});

// ------------------------------------------------------------------------------------------------------ the digits
// The images travel packed: that spares a phone three quarters of the bytes.
async function readDigits(buffer) {
  const { images, labels, hard, misread } = readTensors(buffer).tensors;
  if (typeof DecompressionStream === 'undefined') throw new Error('this browser is too old to unpack its digits.');
  const unpacked = new Blob([images.data]).stream().pipeThrough(new DecompressionStream('deflate'));
  const pixels = new Uint8Array(await new Response(unpacked).arrayBuffer());
  if (pixels.length !== 784 * labels.data.length) throw new Error('the file with its digits is damaged.');
  const all = Array.from(labels.data, (label, i) => ({ label, pixels: pixels.subarray(784 * i, 784 * (i + 1)) }));
  const [wrong, total] = misread.data;
  return {
    digits: { random: all.filter((_, i) => !hard.data[i]), hard: all.filter((_, i) => hard.data[i]) },
    misread: wrong, total,
  };
}

const randomDraw = () => crypto.getRandomValues(new Uint32Array(1))[0] % (LARGEST_DRAW + 1);

// The two rounds of a draw. What the first has shown does not come again in the second.
function drawn({ random, hard }, draw) {
  const number = randomNumbers(draw), first = shuffled(random, number).slice(0, COUNT);
  const seen = ({ pixels }) => first.some((digit) => digit.pixels.every((value, i) => value === pixels[i]));
  return [first, shuffled(hard, number).filter((digit) => !seen(digit)).slice(0, COUNT)];
}

// Fisher and Yates: every order is as likely as any other.
function shuffled(list, number) {
  const mixed = [...list];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(number() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
}

function checkedDraw(draw) {
  if (!Number.isInteger(numberIn(draw, 0, LARGEST_DRAW, 'the draw')))
    throw new Error(`the draw should be a whole number, but is ${draw}.`);
  return draw;
}

// A game that was kept, if it fits these digits; what was kept may have been tampered with.
function checkedGame({ draw, rounds }, digits) {
  const both = drawn(digits, checkedDraw(draw));
  if (!Array.isArray(rounds) || !rounds.length || rounds.length > both.length) throw new Error('these are no rounds.');
  return { draw, rounds: rounds.map(({ labels, answers, seconds }, r) => {
    if (labels.join() !== both[r].map(({ label }) => label).join()) throw new Error('these are other digits.');
    if (answers.length !== COUNT) throw new Error('there should be an answer for each digit.');
    answers.forEach((answer) => oneOf(answer, DIGITS, 'an answer'));
    return { digits: both[r], answers, seconds: seconds === null ? null : numberIn(seconds, 0, 1e6, 'the time') };
  }) };
}

// Let the network read a round, and measure how long that takes here.
async function read(network, round) {
  forward(network, round.digits[0].pixels); // the browser gets to know the code
  let seconds = 0;
  for (const digit of round.digits) {
    const began = performance.now();
    digit.probabilities = Array.from(forward(network, digit.pixels).at(-1).output.data);
    seconds += (performance.now() - began) / 1000;
    await new Promise((resolve) => { setTimeout(resolve); }); // let the page breathe, a phone takes a while
  }
  round.theirSeconds = seconds;
}

// ----------------------------------------------------------------------------------------------------- the results
const inPercent = (share, decimals = 1) => `${(100 * share).toFixed(decimals)}\u00a0%`;
const from = ([low, high], decimals) => `${inPercent(low, decimals)} to ${inPercent(high, decimals)}`;

// One digit of a round, with both answers.
const played = ({ digits, answers }) => digits.map((digit, i) => ({ ...digit, mine: answers[i], theirs: topOf(digit.probabilities) }));

const mistakesOf = (round) => ['mine', 'theirs']
  .map((whose) => played(round).filter((digit) => digit[whose] !== digit.label).length);

function firstResults(round, misread, total) {
  const [mine, theirs] = mistakesOf(round), intervals = [mine, theirs].map((wrong) => shareInterval(wrong, COUNT));
  const [[low, high], [theirLow, theirHigh]] = intervals;
  const apart = low > theirHigh || theirLow > high;
  return [
    scoreTable(round, intervals),
    note('What twenty digits can tell'),
    make('p', {}, `Your share of misread digits is ${inPercent(mine / COUNT)}. Any true rate from ${from(intervals[0])} ` +
      'would make such a result unsurprising: so much, and no more, do you know about yourself now. It counts slips of ' +
      'the finger, too.'),
    note('What they cannot tell'),
    make('p', {}, apart
      ? 'The two intervals do not overlap: on digits like these, one of you reads better, and even twenty show it. How ' +
        'much better they do not show.'
      : 'The two intervals overlap: which of you reads better, these twenty cannot tell. That both had the same digits ' +
        'makes the comparison fair; it does not make it large.'),
    make('p', {}, `Even who misreads none of twenty has an interval up to ${inPercent(shareInterval(0, COUNT)[1])}. On all ` +
      `${many(total)} validation digits the network misread ${many(misread)}: ${inPercent(misread / total, 2)} ` +
      `(${from(shareInterval(misread, total), 2)}). Among twenty, that is ${(COUNT * misread / total).toFixed(1)} ` +
      'mistakes to be expected. So small a rate takes thousands of digits to see.'),
    ...misreadTable([round]),
  ];
}

function secondResults(rounds, misread, total) {
  const [mine, theirs] = mistakesOf(rounds[1]);
  const all = rounds.flatMap(played), mineWrong = all.filter((digit) => digit.mine !== digit.label);
  const theyRead = mineWrong.filter((digit) => digit.theirs === digit.label).length;
  return [
    scoreTable(rounds[1]),
    make('p', {}, 'No intervals: they would speak of digits drawn by lot, and these were not.'),
    note('Why this comparison is unfair'),
    make('p', {}, `You misread ${mine}, the network ${theirs}. But the ${COUNT} come from the forty, among ` +
      `${many(total)}, to whose label the network gave the lowest probability. What it misreads has a low one, so its ` +
      `mistakes (${many(misread)} in all) were picked first. However well a network reads, on a choice like this it ` +
      'does badly, by construction; and nobody picked by your failures. So these digits show what the network finds ' +
      'hard, and not who reads better. The word for it is selection.'),
    note('The mirror image'),
    make('p', {}, mineWrong.length
      ? `Now pick by your failures: of all ${all.length} digits of both rounds, the ${mineWrong.length} that you misread. ` +
        `Of these you read 0 rightly, by construction, and the network ${theyRead}. By this choice ` +
        `${theyRead ? 'the network wins, and it means as little' : 'the network looks no better than you, and it means as little'}.`
      : `Now pick by your failures: of all ${all.length} digits of both rounds, you misread none. So there is nothing to ` +
        'pick; take the digits that a classmate misread, and it is the classmate’s turn to look bad.'),
    ...misreadTable(rounds),
  ];
}

// Without intervals where none are due.
function scoreTable(round, intervals) {
  const wrong = mistakesOf(round), times = [round.seconds, round.theirSeconds];
  const rows = ['you', 'the network'].map((who, i) => [who, `${wrong[i]} of ${COUNT}`,
    inPercent(wrong[i] / COUNT) + (intervals ? ` (${from(intervals[i])})` : ''),
    times[i] === null ? 'no clock' : eachTook(times[i])]);
  const clock = round.seconds === null ? 'You played without a clock.' : `You took ${round.seconds.toFixed(1)} s in all.`;
  return table(`${clock} The network’s time was measured in this page.`,
    ['', 'misread', intervals ? 'error rate and its 95 % interval' : 'error rate', 'time for a digit'], rows);
}

function eachTook(seconds) {
  const each = seconds / COUNT;
  return each >= 0.1 ? `${each.toFixed(1)} s` : `${(1000 * each).toFixed(1)} ms`;
}

function misreadTable(rounds) {
  const rows = rounds.flatMap((round, r) => played(round).map((digit, i) => ({ ...digit, where: `${r + 1}.${i + 1}` })))
    .filter(({ mine, theirs, label }) => mine !== label || theirs !== label)
    .map(({ pixels, where, mine, probabilities, label }) => {
      const canvas = make('canvas', { width: 28, height: 28, className: 'lab-digit', role: 'img', 'aria-label': `Digit ${where}` });
      paintInk(canvas, pixels);
      return [canvas, where, mine, inShort(probabilities), label];
    });
  if (!rows.length) return [make('p', {}, `All ${COUNT} were read by both.`)];
  return [table('The digits that you or the network misread, with round and place.',
    ['image', 'digit', 'you', 'network', 'label'], rows)];
}

const note = (text) => make('p', { className: 'lab-title' }, text);
const many = (count) => count.toLocaleString('en');
