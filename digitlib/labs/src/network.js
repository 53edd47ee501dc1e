// From the bytes of a .safetensors file to a network that the engine can run.

import { ACTIVATIONS, LAYERS, tensor } from './engine.js';

const SCHEMA = 'digitlib-network', VERSION = '1';

// Eight bytes say how long the header is; the header is JSON and says where each tensor's numbers lie behind it.
export function readTensors(buffer) {
  let header, start;
  try {
    start = 8 + Number(new DataView(buffer).getBigUint64(0, true));
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, start - 8)));
  } catch {
    throw new Error('This is not a .safetensors file, or it is damaged: its header cannot be read.');
  }
  const { __metadata__: metadata = {}, ...entries } = header, tensors = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(entries)) {
    if (!NUMBERS[dtype]) throw new Error(`The tensor ${name} holds numbers of the unknown kind ${dtype}.`);
    if (start + to > buffer.byteLength) throw new Error(`The file ends before the tensor ${name} does: it is damaged.`);
    tensors[name] = tensor(shape, NUMBERS[dtype](buffer.slice(start + from, start + to)));
  }
  return { metadata, tensors };
}

const NUMBERS = {
  U8: (bytes) => new Uint8Array(bytes),
  I32: (bytes) => new Int32Array(bytes),
  F32: (bytes) => new Float32Array(bytes),
  F16: (bytes) => Float32Array.from(new Uint16Array(bytes), fromHalf),
};

// Sixteen bits: a sign, five bits of exponent, ten bits of fraction.
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function readNetwork(buffer) {
  const { metadata, tensors } = readTensors(buffer);
  if (metadata.schema !== SCHEMA) throw new Error(`This file's schema is ${metadata.schema}, not ${SCHEMA}.`);
  if (metadata.version !== VERSION)
    throw new Error(`This file's version is ${metadata.version}; this page reads version ${VERSION}.`);
  const layers = JSON.parse(metadata.layers).map(({ class_name: kind, name, config: settings }) => {
    const prefix = `${name}/`, named = Object.entries(tensors).filter(([key]) => key.startsWith(prefix));
    const layer = { name, kind, settings, weights: {} };
    refuseUnknown(layer);
    layer.weights = inEngineForm(layer, Object.fromEntries(named.map(([key, t]) => [key.slice(prefix.length), t])));
    return layer;
  });
  return { layers, about: JSON.parse(metadata.about) };
}

function refuseUnknown({ name, kind, settings }) {
  if (!Object.hasOwn(LAYERS, kind)) throw new Error(`The layer ${name} is a ${kind}, which this page cannot compute.`);
  const { activation, padding } = settings;
  if (activation !== undefined && !Object.hasOwn(ACTIVATIONS, activation))
    throw new Error(`The layer ${name} has the activation ${activation}, which this page cannot compute.`);
  if (padding !== undefined && !['valid', 'same'].includes(padding))
    throw new Error(`The layer ${name} has the padding ${padding}, which this page cannot compute.`);
}

function inEngineForm({ name, kind, settings }, given) {
  if (kind === 'BatchNormalization') return normalisation(given, settings.epsilon, name);
  if (kind !== 'Conv2D' && kind !== 'Dense') return {};
  if (!given.kernel) throw new Error(`The layer ${name} has no weights in this file.`);
  const filters = perFilter(given.kernel);
  return { filters, bias: given.bias?.data ?? new Float32Array(filters.length) };
}

// Keras stores [height, width, channels, filters]; here each filter becomes one list of its own.
function perFilter({ shape, data }) {
  const count = shape.at(-1), length = data.length / count;
  return Array.from({ length: count }, (_, f) => Float32Array.from({ length }, (_, i) => data[i * count + f]));
}

function normalisation(given, epsilon, name) {
  const { gamma, beta, moving_mean: mean, moving_variance: variance } = given;
  if (!mean || !variance)
    throw new Error(`The layer ${name} has no weights in this file.`);
  const factor = variance.data.map(
    (v, c) => (gamma ? gamma.data[c] : 1) / Math.sqrt(v + epsilon));
  const summand = factor.map((f, c) => (beta ? beta.data[c] : 0) - mean.data[c] * f);
  return { factor, summand };
}
