// The steps of networks. Each step is a function here and a function in
// steps.py, which writes its description. It is called once with
//   step:    the description,
//   weights: a function from a part of the weights to its numbers,
//   shapes:  of the inputs, without the batch; step.shape is the output's,
// and returns a function that computes one image: from the places of the
// inputs in memory to that of the output. Inputs are never overwritten.
// `take` and `multiply` may replace `heap`; long loops that call neither
// read it once, which is twice as fast.

import { heap, mark, multiply, pack, release, take, takeProduct } from "./memory.js";

const BAND = 1 << 18; // approximate size of a band of patches

const count = shape => shape.reduce((a, b) => a * b, 1);

export const STEPS = {
  /** The same numbers in another shape. */
  reshape: () => x => x,

  /** A learned constant; the input is not read. */
  constant(step, weights) {
    const values = weights(step.values);
    return () => {
      const y = take(values.length);
      heap.set(values, y);
      return y;
    };
  },

  /** The last axis times a matrix, plus a bias. */
  dense(step, weights, [from]) {
    const rows = count(from.slice(0, -1)), matrix = pack(weights(step.kernel), from.at(-1), step.shape.at(-1));
    const addBias = biased(step, weights);
    return x => {
      const y = product(x, rows, matrix);
      addBias(y, rows);
      return y;
    };
  },

  /** A convolution: copies patches and multiplies them, a band of rows at a time. */
  convolution(step, weights, [[height, width, channels]]) {
    const [rows, columns, filters] = step.shape, [side, line] = step.side, [down, right] = step.strides;
    const matrix = pack(weights(step.kernel), side * line * channels, filters), addBias = biased(step, weights);
    if (side * line * down * right === 1)
      return x => {
        const y = product(x, rows * columns, matrix);
        addBias(y, rows * columns);
        return y;
      };
    const above = step.same ? Math.max(0, (rows - 1) * down + side - height) >> 1 : 0;
    const before = step.same ? Math.max(0, (columns - 1) * right + line - width) >> 1 : 0;
    const band = Math.max(1, Math.min(rows, Math.floor(BAND / (columns * matrix.depth))));
    return x => {
      const y = take(rows * columns * filters), start = mark();
      const patches = take(band * columns * matrix.depth + 3 * matrix.depth);
      const c = takeProduct(band * columns, matrix);
      for (let first = 0; first < rows; first += band) {
        const last = Math.min(rows, first + band), places = (last - first) * columns;
        heap.fill(0, patches, patches + places * matrix.depth);
        for (let i = first, to = patches; i < last; i++)
          for (let j = 0; j < columns; j++) {
            const left = j * right - before, from = Math.max(0, left), until = Math.min(width, left + line);
            for (let k = 0; k < side; k++, to += line * channels) {
              const row = i * down - above + k;
              if (row < 0 || row >= height) continue;
              const source = x + (row * width + from) * channels;
              heap.copyWithin(to + (from - left) * channels, source, source + (until - from) * channels);
            }
          }
        multiply(patches, places, matrix, c);
        unpad(c, places, matrix, y + first * columns * filters);
      }
      release(start);
      addBias(y, rows * columns);
      return y;
    };
  },

  /** A transposed convolution: each place adds its patch to the output. */
  spread(step, weights, [[height, width, channels]]) {
    const [rows, columns, filters] = step.shape, [side, line] = step.side, [down, right] = step.strides;
    const matrix = pack(weights(step.kernel), channels, side * line * filters), addBias = biased(step, weights);
    const above = Math.max(0, side - down) >> 1, before = Math.max(0, line - right) >> 1;
    const band = Math.max(1, Math.min(height, Math.floor(BAND / (width * matrix.padded))));
    return x => {
      const y = take(rows * columns * filters), start = mark(), c = takeProduct(band * width, matrix);
      heap.fill(0, y, y + rows * columns * filters);
      for (let first = 0; first < height; first += band) {
        const last = Math.min(height, first + band);
        multiply(x + first * width * channels, (last - first) * width, matrix, c);
        const own = heap;
        for (let i = first; i < last; i++)
          for (let j = 0; j < width; j++) {
            const left = j * right - before, from = Math.max(0, left), until = Math.min(columns, left + line);
            const patch = c + ((i - first) * width + j) * matrix.padded;
            for (let k = 0; k < side; k++) {
              const row = i * down - above + k;
              if (row < 0 || row >= rows) continue;
              let to = y + (row * columns + from) * filters, source = patch + (k * line + from - left) * filters;
              for (const end = to + (until - from) * filters; to < end; to++, source++) own[to] += own[source];
            }
          }
      }
      release(start);
      addBias(y, rows * columns);
      return y;
    };
  },

  /** Normalizes each channel over all places, then scales and shifts it. */
  instance_normalization(step, weights) {
    const [scale, shift] = scaleAndShift(step, weights);
    return x => normalizeChannels(x, step.shape, step.epsilon, scale, shift);
  },

  /** Normalizes each place over all channels, then scales and shifts it. */
  layer_normalization(step, weights) {
    const [scale, shift] = scaleAndShift(step, weights);
    const size = count(step.shape), channels = step.shape.at(-1);
    return x => {
      const y = take(size);
      for (let start = 0; start < size; start += channels) {
        const from = x + start, to = y + start;
        let mean = 0, square = 0;
        for (let k = 0; k < channels; k++) mean += heap[from + k] / channels;
        for (let k = 0; k < channels; k++) square += (heap[from + k] - mean) ** 2 / channels;
        const factor = 1 / Math.sqrt(square + step.epsilon);
        for (let k = 0; k < channels; k++) heap[to + k] = (heap[from + k] - mean) * factor * scale[k] + shift[k];
      }
      return y;
    };
  },

  /** Normalizes each channel; scale and shift are a dense layer of the style. */
  style_modulation(step, weights, [, from]) {
    const channels = step.shape.at(-1), matrix = pack(weights(step.kernel), count(from), 2 * channels);
    const addBias = biased(step, weights), activations = step.activation.map(each => ACTIVATIONS[each.of](each));
    return (x, style) => {
      const found = product(style, 1, matrix);
      addBias(found, 1);
      let both = heap.slice(found, found + 2 * channels);
      for (const f of activations) both = both.map(value => f(value));
      const scale = both.subarray(0, channels).map(value => step.offset + value);
      return normalizeChannels(x, step.shape, step.epsilon, scale, both.subarray(channels));
    };
  },

  /** A function of each number. */
  activation(step) {
    const size = count(step.shape), f = ACTIVATIONS[step.of](step);
    return x => {
      const y = take(size), own = heap;
      for (let i = 0; i < size; i++) own[y + i] = f(own[x + i]);
      return y;
    };
  },

  /** Each number times a scale, plus an offset. */
  rescale({ shape, scale, offset }) {
    const size = count(shape);
    return x => {
      const y = take(size), own = heap;
      for (let i = 0; i < size; i++) own[y + i] = scale * own[x + i] + offset;
      return y;
    };
  },

  /** The sum of inputs of the same shape. */
  add(step) {
    const size = count(step.shape);
    return (...xs) => {
      const y = take(size), own = heap;
      own.copyWithin(y, xs[0], xs[0] + size);
      for (const x of xs.slice(1)) for (let i = 0; i < size; i++) own[y + i] += own[x + i];
      return y;
    };
  },

  /** Each place repeated along height and width. */
  upsample(step, weights, [[, width, channels]]) {
    const [rows, columns] = step.shape, [down, right] = step.factors;
    return x => {
      const y = take(rows * columns * channels);
      for (let i = 0, to = y; i < rows; i++)
        for (let j = 0; j < columns; j++, to += channels) {
          const from = x + (Math.floor(i / down) * width + Math.floor(j / right)) * channels;
          heap.copyWithin(to, from, from + channels);
        }
      return y;
    };
  },

  /** The largest number of each patch, for each channel. */
  max_pool(step, weights, [[, width, channels]]) {
    const [rows, columns] = step.shape, [down, right] = step.factors;
    return x => {
      const y = take(rows * columns * channels);
      for (let i = 0, to = y; i < rows; i++)
        for (let j = 0; j < columns; j++, to += channels)
          for (let c = 0; c < channels; c++) {
            let most = -Infinity;
            for (let p = 0; p < down; p++)
              for (let q = 0; q < right; q++) {
                const from = x + ((i * down + p) * width + j * right + q) * channels;
                most = Math.max(most, heap[from + c]);
              }
            heap[to + c] = most;
          }
      return y;
    };
  },

  /** The mean of each channel over height and width. */
  mean(step, weights, [from]) {
    const channels = from.at(-1), places = count(from) / channels;
    return x => {
      const y = take(channels), sum = new Float64Array(channels);
      for (let i = 0; i < places * channels; i += channels)
        for (let k = 0; k < channels; k++) sum[k] += heap[x + i + k];
      for (let k = 0; k < channels; k++) heap[y + k] = sum[k] / places;
      return y;
    };
  },

  /** The axes of a view of the numbers in another order. */
  permute({ view, axes }) {
    const strides = view.map((_, axis) => count(view.slice(axis + 1)));
    const places = axes.reduce(
      (found, axis) => found.flatMap(at => Array.from({ length: view[axis] }, (_, i) => at + i * strides[axis])), [0]);
    return x => {
      const y = take(places.length);
      for (let i = 0; i < places.length; i++) heap[y + i] = heap[x + places[i]];
      return y;
    };
  },
};

const ACTIVATIONS = {
  relu: () => x => (x > 0 ? x : 0),
  // Without a branch, which would be mispredicted half of the time.
  leaky_relu({ slope }) {
    const linear = (1 + slope) / 2, bent = (1 - slope) / 2;
    return x => linear * x + bent * Math.abs(x);
  },
  tanh: () => Math.tanh,
  sigmoid: () => x => 1 / (1 + Math.exp(-x)),
  silu: () => x => x / (1 + Math.exp(-x)),
  gelu: ({ approximate }) => approximate
    ? x => x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
    : x => x / 2 * (1 + erf(x / Math.SQRT2)),
};

/** The error function, to 1.5e-7 (Abramowitz and Stegun, 7.1.26). */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}

/** A function that adds the step's bias, if it has one, to rows of its width. */
function biased(step, weights) {
  if (!step.bias) return () => {};
  const bias = weights(step.bias), width = bias.length;
  return (y, rows) => {
    const own = heap;
    for (let i = y, end = y + rows * width; i < end; i += width) for (let k = 0; k < width; k++) own[i + k] += bias[k];
  };
}

/** Scale and shift of a normalization, per channel; 1 and 0 if not learned. */
function scaleAndShift(step, weights) {
  const channels = step.shape.at(-1);
  return [
    step.scale ? weights(step.scale) : new Float32Array(channels).fill(1),
    step.shift ? weights(step.shift) : new Float32Array(channels),
  ];
}

/** A product without the padding. */
function product(x, rows, matrix) {
  const y = take(rows * matrix.width), start = mark(), c = takeProduct(rows, matrix);
  multiply(x, rows, matrix, c);
  unpad(c, rows, matrix, y);
  release(start);
  return y;
}

function unpad(c, rows, { width, padded }, to) {
  if (width === padded) heap.copyWithin(to, c, c + rows * width);
  else for (let i = 0; i < rows; i++) heap.copyWithin(to + i * width, c + i * padded, c + i * padded + width);
}

function normalizeChannels(x, shape, epsilon, scale, shift) {
  const size = count(shape), channels = shape.at(-1), places = size / channels, y = take(size);
  const own = heap, mean = new Float64Array(channels), factor = new Float64Array(channels);
  for (let i = 0; i < size; i += channels) for (let k = 0; k < channels; k++) mean[k] += own[x + i + k];
  for (let k = 0; k < channels; k++) mean[k] /= places;
  for (let i = 0; i < size; i += channels)
    for (let k = 0; k < channels; k++) {
      const centred = own[x + i + k] - mean[k];
      factor[k] += centred * centred;
    }
  for (let k = 0; k < channels; k++) factor[k] = scale[k] / Math.sqrt(factor[k] / places + epsilon);
  for (let i = 0; i < size; i += channels)
    for (let k = 0; k < channels; k++) own[y + i + k] = (own[x + i + k] - mean[k]) * factor[k] + shift[k];
  return y;
}
