// Surfaces to walk on: a loss over two weights, its gradient worked out by hand, and where it is lowest. Each is
// shifted so that its lowest loss is 0. Weight 1 runs to the right on the map, weight 2 up.

export const MAP = { left: -4, right: 4, bottom: -3, top: 3 };

// Along weight 1 a hill at 0.8 lies between a deep valley at -2 and a shallow one at 2.4: these three are the zeros of
// the slope, and the height is the slope's integral.
const DEEP = -2, HILL = 0.8, SHALLOW = 2.4;
const twoSlope = (a) => 0.15 * (a - DEEP) * (a - HILL) * (a - SHALLOW);
const twoHeight = (a) => {
  const sum = DEEP + HILL + SHALLOW, pairs = DEEP * HILL + DEEP * SHALLOW + HILL * SHALLOW;
  return 0.15 * (a ** 4 / 4 - (sum * a ** 3) / 3 + (pairs * a ** 2) / 2 - DEEP * HILL * SHALLOW * a);
};

const bowl = {
  loss: ([a, b]) => (a ** 2 + b ** 2) / 2,
  gradient: ([a, b]) => [a, b],
  lowest: [[0, 0]],
  start: [-3, 2],
  noise: 0,
};

export const SURFACES = {
  bowl: {
    ...bowl,
    name: 'A round bowl',
    notice: 'The bowl is equally steep on all sides, so one rate suits both weights, and SGD is hard to beat. ' +
      'Momentum and Adam shoot past the bottom and swing back. Try SGD with a rate of 2.5: each step overshoots ' +
      'by more than it came.',
  },
  valley: {
    name: 'A long, narrow valley',
    loss: ([a, b]) => (0.04 * a ** 2 + 2 * b ** 2) / 2,
    gradient: ([a, b]) => [0.04 * a, 2 * b],
    lowest: [[0, 0]],
    start: [-3.5, 2],
    noise: 0,
    notice: 'The slope across is steep and limits SGD to rates below 1; the slope along is tiny, so SGD creeps. ' +
      'Momentum gathers speed along the valley. RMSProp and Adam divide by the size of each weight’s own slope. ' +
      'That helps so much because this valley runs along one weight; if it ran askew, it would help less.',
  },
  saddle: {
    name: 'A saddle',
    loss: ([a, b]) => a ** 2 / 2 + (b ** 2 - 4) ** 2 / 32,
    gradient: ([a, b]) => [a, (b * (b ** 2 - 4)) / 8],
    lowest: [[0, 2], [0, -2]],
    start: [-3, 0.01],
    noise: 0,
    notice: 'All four start almost on the ridge between two valleys; the saddle is its lowest place, in the middle. ' +
      'On the ridge the slope towards the valleys is nearly zero, so SGD lingers. RMSProp and Adam divide by the ' +
      'small slope and are off within a few steps. Start exactly on the ridge, where weight 2 is 0: there is no ' +
      'slope to either side, and none of them ever leaves it.',
  },
  two: {
    name: 'Two valleys',
    loss: ([a, b]) => twoHeight(a) - twoHeight(DEEP) + b ** 2 / 2,
    gradient: ([a, b]) => [twoSlope(a), b],
    lowest: [[DEEP, 0]],
    start: [3.6, 2],
    noise: 0,
    notice: 'The left valley is deeper. SGD, RMSProp and Adam run into the nearer one and stay; momentum rolls over ' +
      'the hill. That is speed, not insight: none of them sees more than the slope under its feet. Move the ' +
      'start to weight 1 = 3, and momentum stays as well; give SGD a rate of 1, and it jumps across.',
  },
  noisy: {
    ...bowl,
    name: 'A noisy bowl',
    noise: 1,
    notice: 'Each step is told the slope of a mini-batch: right on average, but off by chance. With a fixed rate ' +
      'none comes to rest. A smaller rate jitters less and needs more steps (try 0.03 and 200). Who is lowest at ' +
      'the end is partly luck: deal other mini-batches.',
  },
};
