// The puzzles of the lab "Design a filter": the filter behind each wanted map, what to find, and hints in steps.

const PAPER_AND_INK = 'On paper all nine pixels are 0, so the sum is 0, whatever the filter. In the middle of thick ink ' +
  'all nine are 1: the sum is that of the nine weights.';
const NOTHING_INSIDE = 'On paper the sum is 0, as always. In the middle of thick ink it should be 0, too. There all ' +
  'nine pixels are 1: so the nine weights add up to 0.';

// From easy to hard. A filter is a list, row by row.
export const PUZZLES = [
  {
    name: 'Copy', asks: 'The digit as it is.', filter: [0, 0, 0, 0, 1, 0, 0, 0, 0],
    hints: [
      PAPER_AND_INK,
      'Each new pixel is the old pixel of the same place. Where in the patch does that one lie? The others have no say.',
    ],
  },
  {
    name: 'Shift', asks: 'The digit, one pixel further to the right.', filter: [0, 0, 0, 1, 0, 0, 0, 0, 0],
    hints: [
      `${PAPER_AND_INK} Both are as for a copy: one weight does all the work.`,
      'What moves to the right comes from the left: each new pixel is the old pixel on its left.',
    ],
  },
  {
    name: 'Blur', asks: 'The digit, out of focus.', filter: [1, 1, 1, 1, 1, 1, 1, 1, 1],
    hints: [
      'On paper the sum is 0. In the middle of thick ink it is largest, and at an edge it lies between: a pixel with some ' +
      'ink around it gets some ink.',
      'No neighbour counts more than another, and the middle no more than its neighbours.',
    ],
  },
  {
    name: 'Left edge', asks: 'Bright where ink begins, coming from the left; dark where it ends.',
    filter: [-1, 0, 1, -1, 0, 1, -1, 0, 1],
    hints: [
      NOTHING_INSIDE,
      'At a left edge the left column lies on paper, the right column on ink. The sum is to be large there, and the ' +
      'opposite at a right edge. Which column gets which sign? The middle one has no say.',
    ],
  },
  {
    name: 'Top edge', asks: 'Bright where ink begins, coming from above; dark where it ends.',
    filter: [-1, -1, -1, 0, 0, 0, 1, 1, 1],
    hints: [
      NOTHING_INSIDE,
      'At a top edge the upper row lies on paper, the lower row on ink. It is the left edge, turned by a quarter.',
    ],
  },
  {
    name: 'Diagonal edge', asks: 'Bright where ink begins, coming from the upper left; dark where it ends.',
    filter: [-1, -1, 0, -1, 0, 1, 0, 1, 1],
    hints: [
      NOTHING_INSIDE,
      'Draw a line through the patch, from the lower left corner to the upper right one: these three have no say. On ' +
      'which side of it lies the ink that should make the sum large?',
    ],
  },
  {
    name: 'Outline', asks: 'Only the rim: bright just inside the ink, dark just outside.',
    filter: [0, -1, 0, -1, 4, -1, 0, -1, 0],
    hints: [
      `${NOTHING_INSIDE} And all directions count alike.`,
      'Each pixel is compared with its four neighbours, above, below, left and right. The corners have no say. How ' +
      'large must the middle be, then?',
    ],
  },
  {
    name: 'Sharpen', asks: 'The digit with a stressed rim: still bright inside, dark just outside.',
    filter: [0, -1, 0, -1, 5, -1, 0, -1, 0],
    hints: [
      'In the middle of thick ink it should be as for a copy: there all nine pixels are 1, so the nine weights add up to 1.',
      'A copy, with the outline added. Maps add up if their filters do.',
    ],
  },
];

const sum = (values) => values.reduce((a, b) => a + b);
const inRow = (values) => values.map((value) => String(Number(value.toFixed(3))).replace('-', '−')).join(', ');

// A puzzle that a notebook brought: its hints say what its filter adds up to.
export function givenPuzzle(name, filter) {
  const all = sum(filter), rest = Math.abs(all) < 1e-6 ? 'exactly 0' : all > 0 ? 'more than 0' : 'less than 0';
  const along = (of) => inRow([0, 1, 2].map((at) => sum(filter.filter((_, i) => of(i) === at))));
  return {
    name, filter, asks: 'The map of a filter that you do not know yet.',
    hints: [
      `${PAPER_AND_INK} Here they add up to ${rest}.`,
      `The weights of its three rows add up to ${along((i) => Math.floor(i / 3))}; those of its three columns to ` +
      `${along((i) => i % 3)}.`,
    ],
  };
}
