// The four rules of chapter "Training with Adam", with the formulas and settings of Keras: each takes one weight and
// its gradient g, and returns the new weight. What a rule has to remember of the steps before is in `memory`.

const EPSILON = 1e-7; // only guards against a division by zero

export const RULES = {
  sgd: (w, g, memory, { rate }) => w - rate * g,

  // The chapter's velocity, times the rate: the same steps as long as the rate stays as it is.
  momentum(w, g, memory, { rate, momentum }) {
    memory.velocity = momentum * (memory.velocity ?? 0) - rate * g;
    return w + memory.velocity;
  },

  // A moving average of the squares of the gradients. Keras adds epsilon under the root.
  rmsprop(w, g, memory, { rate }) {
    memory.square = 0.9 * (memory.square ?? 0) + 0.1 * g ** 2;
    return w - (rate * g) / Math.sqrt(memory.square + EPSILON);
  },

  // Moving averages of the gradients, m, and of their squares, v. Both start at 0; `corrected` makes up for that.
  adam(w, g, memory, { rate }) {
    const t = memory.t = (memory.t ?? 0) + 1;
    const m = memory.m = 0.9 * (memory.m ?? 0) + 0.1 * g;
    const v = memory.v = 0.999 * (memory.v ?? 0) + 0.001 * g ** 2;
    const corrected = (rate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
    return w - (corrected * m) / (Math.sqrt(v) + EPSILON);
  },
};

const FAR = 1000; // a weight beyond this will not come back

// Repeat a rule from `start`. Returns the places on the way, the start first, and the step at which it diverged, or
// Infinity. All rules meet the same noise, as if they were dealt the same mini-batches.
export function walk(rule, surface, { start, steps, seed, ...settings }) {
  const path = [start], memories = [{}, {}], noise = normalNumbers(seed);
  for (let step = 1; step <= steps; step++) {
    const gradient = surface.gradient(path.at(-1)).map((slope) => slope + surface.noise * noise());
    const place = path.at(-1).map((w, i) => rule(w, gradient[i], memories[i], settings));
    if (!place.every((w) => Math.abs(w) <= FAR)) return { path, diverged: step }; // also true of NaN
    path.push(place);
  }
  return { path, diverged: Infinity };
}

// Normally distributed random numbers, the same for the same seed: "mulberry32" by T. Ettinger, then Box and Muller.
function normalNumbers(seed) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
