// What a reader has done, kept in this browser: quizzes, drawings, exercises. In a notebook the kernel keeps the same
// in a file (digitlib/work.py), by the same rules, and a saved file moves between both.

const KEY = 'digits-book-work';
const SCHEMA = 'digitlib-work', VERSION = '1';

// A file may come from anywhere, so everything in it has a bound.
export const LARGEST_FILE = 1_000_000; // bytes
const LONGEST_PSEUDONYM = 40, LONGEST_ANSWER = 4_000, LONGEST_TEXT = 500; // characters
const MOST_EXERCISES = 200, MOST_MISTAKES = 50, MOST_HINTS = 100;
const MOST_QUIZZES = 50, MOST_QUESTIONS = 100, MOST_TRIED = 20;
const MOST_LABS = 20, MOST_VALUES = 30_000, DEEPEST = 8; // values and nesting of one lab's state
const LARGEST_COUNT = 1_000_000, LARGEST_NUMBER = 9e15;

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/;
const PSEUDONYM = /^[\p{L}\p{M}\p{Nd} ._-]*$/u;
const HALF_A_LETTER = /\p{Surrogate}/u;

// Work that is not as it should be; the message says why.
class WorkError extends Error {}

// ------------------------------------------------------------------------------------------------- what is allowed
// Saved work out of a JSON file, or an error that names what is wrong with it.
export function checked(content) {
  if (!isTable(content) || content.schema !== SCHEMA) throw new WorkError('it is no file of saved work of this book');
  if (content.version !== VERSION)
    throw new WorkError(`it is of version ${shown(content.version)}, and this copy of the book knows version ` +
      `"${VERSION}": take a newer copy of the book`);
  checkFields(content, empty(), 'the file');
  checkPseudonym(content.pseudonym);
  checkTable(content.exercises, 'exercises', MOST_EXERCISES, checkExercise);
  checkTable(content.quizzes, 'quizzes', MOST_QUIZZES, checkQuiz);
  checkTable(content.labs, 'labs', MOST_LABS, checkState);
  return content;
}

const empty = () => ({ schema: SCHEMA, version: VERSION, pseudonym: '', exercises: {}, quizzes: {}, labs: {} });

const isTable = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function checkExercise(entry, where) {
  checkFields(entry, { attempts: 0, solved: false, mistakes: {}, hints: 0, answer: '' }, where);
  if (typeof entry.solved !== 'boolean') refuse(`${where} / solved`, 'true or false', entry.solved);
  checkWhole(entry.attempts, `${where} / attempts`, LARGEST_COUNT);
  checkTable(entry.mistakes, `${where} / mistakes`, MOST_MISTAKES,
    (count, there) => checkWhole(count, there, LARGEST_COUNT));
  checkWhole(entry.hints, `${where} / hints`, MOST_HINTS);
  checkText(entry.answer, `${where} / answer`, LONGEST_ANSWER);
}

function checkQuiz(quiz, where) {
  checkTable(quiz, where, MOST_QUESTIONS, (tried, there) => {
    if (!Array.isArray(tried) || tried.length > MOST_TRIED)
      refuse(there, `a list of at most ${MOST_TRIED} choices`, tried);
    tried.forEach((choice) => checkText(choice, there, LONGEST_TEXT));
  });
}

// A lab's state is any JSON, as long as it is small.
function checkState(state, where) {
  let left = MOST_VALUES;
  const check = (part, depth) => {
    left -= 1;
    if (left < 0 || depth > DEEPEST)
      throw new WorkError(`${where} holds more than ${grouped(MOST_VALUES)} values, or more than ${DEEPEST} in each other`);
    if (part === null || typeof part === 'boolean') return;
    if (typeof part === 'number') {
      if (!(Math.abs(part) <= LARGEST_NUMBER)) refuse(where, 'made of numbers up to 9e15', part);
    } else if (Array.isArray(part)) {
      part.forEach((each) => check(each, depth + 1));
    } else if (isTable(part)) {
      Object.entries(part).forEach(([key, each]) => { checkName(key, where); check(each, depth + 1); });
    } else {
      checkText(part, where, LONGEST_TEXT);
    }
  };
  check(state, 1);
}

function checkFields(value, fields, where) {
  if (!isTable(value)) refuse(where, 'a table of named entries', value);
  for (const field of Object.keys(fields))
    if (!Object.hasOwn(value, field)) throw new WorkError(`${where} lacks the entry ${field}`);
  for (const key of Object.keys(value))
    if (!Object.hasOwn(fields, key))
      throw new WorkError(`${where} has an entry ${shown(key)}, which does not belong there`);
}

function checkTable(value, where, most, check) {
  if (!isTable(value)) refuse(where, 'a table of named entries', value);
  const entries = Object.entries(value);
  if (entries.length > most) throw new WorkError(`${where} has ${grouped(entries.length)} entries, more than ${most}`);
  for (const [key, entry] of entries) {
    checkName(key, where);
    check(entry, `${where} / ${key}`);
  }
}

function checkName(key, where) {
  if (typeof key === 'string' && NAME.test(key)) return;
  throw new WorkError(`${where} has an entry ${shown(key)}, whose name is not 1 to 60 of a-z, A-Z, 0-9, - and _, ` +
    'beginning with a letter or a digit');
}

function checkWhole(value, where, largest) {
  if (!Number.isInteger(value) || value < 0 || value > largest)
    refuse(where, `a whole number from 0 to ${grouped(largest)}`, value);
}

function checkText(value, where, longest) {
  // A half of a letter, as broken software leaves it, could not be written again.
  if (typeof value !== 'string' || isLonger(value, longest) || HALF_A_LETTER.test(value))
    refuse(where, `a text of at most ${grouped(longest)} characters`, value);
}

function checkPseudonym(value) {
  if (typeof value !== 'string' || isLonger(value, LONGEST_PSEUDONYM) || !PSEUDONYM.test(value))
    refuse('the pseudonym', `at most ${LONGEST_PSEUDONYM} letters, digits, spaces, "-", "_" and "."`, value);
}

// Letters outside the first plane count once, as in Python.
const isLonger = (text, longest) => text.length > longest && (text.length > 2 * longest || [...text].length > longest);

const grouped = (number) => number.toLocaleString('en');

function refuse(where, expected, value) {
  throw new WorkError(`${where} should be ${expected}, but is ${shown(value)}`);
}

// A value of a foreign file in few letters.
function shown(value) {
  if (Array.isArray(value)) return `a list of ${grouped(value.length)}`;
  if (isTable(value)) return `a table of ${grouped(Object.keys(value).length)}`;
  const text = JSON.stringify(value) ?? typeof value;
  return text.length <= 50 ? text : `${text.slice(0, 47)}...`;
}

// ---------------------------------------------------------------------------------------------- reading and writing
// The bytes of a file of saved work, read; or an error that says why they are none.
export function parsed(bytes) {
  if (bytes.byteLength > LARGEST_FILE) throw new WorkError(`it is larger than ${grouped(LARGEST_FILE)} bytes`);
  let content;
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new WorkError('it is damaged, or no such file at all');
  }
  return checked(content);
}

function packed(work) {
  const bytes = new TextEncoder().encode(`${JSON.stringify(checked(work))}\n`);
  if (bytes.byteLength > LARGEST_FILE)
    throw new WorkError(`there is no room for this: your work would be larger than ${grouped(LARGEST_FILE)} bytes. ` +
      'Save it to a file, then forget what is kept here.');
  return bytes;
}

// What is kept in this browser. It throws an error with a whole sentence where the browser keeps nothing, or where
// what it keeps cannot be used.
export const pageWork = {
  kept(part, key) {
    const table = load()[part];
    return Object.hasOwn(table, key) ? table[key] : undefined;
  },

  // Keep a value in place of the one before. The answer is what the reader should know about it, mostly nothing.
  keep: (part, key, value) => change((work) => { work[part][key] = value; }),

  all: load,

  restore(bytes) {
    let saved;
    try {
      saved = parsed(bytes);
    } catch (error) {
      throw new WorkError(`This file cannot be restored: ${error.message}. Nothing has been changed.`);
    }
    return change((work) => Object.assign(work, merged(work, saved)));
  },

  forget: () => change((work) => Object.assign(work, empty())),

  setPseudonym(text) {
    const pseudonym = text.trim().replace(/\s+/g, ' ');
    checkPseudonym(pseudonym);
    return change((work) => { work.pseudonym = pseudonym; });
  },
};

function load() {
  const text = stored((storage) => storage.getItem(KEY));
  if (text === null) return empty();
  try {
    return parsed(new TextEncoder().encode(text));
  } catch (error) {
    throw new WorkError(`Your work in this browser cannot be used: ${error.message}. It has not been changed. If you ` +
      'have saved your work to a file, restore it from there.');
  }
}

// Read what is kept anew, since another page may have changed it, change it, and write it. What cannot be used is set
// aside first, so that it is not lost.
function change(how) {
  let work, told = '';
  try {
    work = load();
  } catch (error) {
    if (!(error instanceof WorkError)) throw error;
    work = empty();
    told = 'What this browser had kept of your work could not be read. It is set aside, and new work is kept from now on.';
  }
  how(work);
  const text = new TextDecoder().decode(packed(work));
  if (told) setAside();
  stored((storage) => storage.setItem(KEY, text));
  return told;
}

function setAside() {
  stored((storage) => {
    let number = 1;
    while (storage.getItem(`${KEY}-set-aside-${number}`) !== null) number += 1;
    storage.setItem(`${KEY}-set-aside-${number}`, storage.getItem(KEY));
  });
}

// Use the browser's storage, or say why that is not possible.
function stored(use) {
  try {
    return use(localStorage);
  } catch (error) {
    throw new Error(error.name === 'QuotaExceededError'
      ? 'This browser has no room left to keep your work. Save it to a file on the page “Your work”.'
      : 'This browser does not let the book keep your work: what you do here is gone when you leave the page.');
  }
}

// ---------------------------------------------------------------------------------------------------------- merging
// Saved work and what is here, so that neither loses anything.
export function merged(here, saved) {
  return {
    schema: SCHEMA,
    version: VERSION,
    pseudonym: saved.pseudonym || here.pseudonym,
    exercises: union(here.exercises, saved.exercises, mergedExercise),
    // What was saved was tried earlier.
    quizzes: union(here.quizzes, saved.quizzes, (quiz, before) =>
      union(quiz, before, (now, then) => [...new Set([...then, ...now])].slice(0, MOST_TRIED))),
    labs: union(here.labs, saved.labs, (_, state) => state),
  };
}

function union(here, saved, merge) {
  const names = [...new Set([...Object.keys(here), ...Object.keys(saved)])];
  return Object.fromEntries(names.map((name) => {
    const [mine, theirs] = [here, saved].map((table) => Object.hasOwn(table, name));
    return [name, mine && theirs ? merge(here[name], saved[name]) : (mine ? here : saved)[name]];
  }));
}

function mergedExercise(here, saved) {
  const fromFile = !here.answer || (saved.solved && !here.solved);
  return {
    attempts: Math.max(here.attempts, saved.attempts),
    solved: here.solved || saved.solved,
    mistakes: union(here.mistakes, saved.mistakes, Math.max),
    hints: Math.max(here.hints, saved.hints),
    answer: fromFile ? saved.answer : here.answer,
  };
}
