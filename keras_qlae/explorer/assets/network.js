// Runs a network that network.py has converted to a list of steps and a block
// of weights.

import { heap, mark, release, take } from "./memory.js";
import { STEPS } from "./steps.js";

/** A function from the numbers of one input to those of the output. */
export function network(plan, bytes) {
  const numbers = plan.dtype === "float16" ? widen(new Uint16Array(bytes.buffer)) : new Float32Array(bytes.buffer);
  const weights = ([start, size]) => numbers.subarray(start, start + size);
  const shapes = [plan.input, ...plan.steps.map(step => step.shape)];
  const size = shapes.at(-1).reduce((a, b) => a * b, 1);
  const runs = plan.steps.map(step => STEPS[step.op](step, weights, step.inputs.map(i => shapes[i])));
  return values => {
    const start = mark(), places = [take(values.length)];
    heap.set(values, places[0]);
    runs.forEach((run, i) => places.push(run(...plan.steps[i].inputs.map(input => places[input]))));
    release(start);
    return heap.slice(places.at(-1), places.at(-1) + size);
  };
}

/** float16 bits as numbers. */
export function widen(halves) {
  const bits = new Uint32Array(halves.length), numbers = new Float32Array(bits.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i], sign = (half & 0x8000) << 16, size = half & 0x7fff;
    // The exponent's bias is 15 there and 127 here.
    if (size >= 0x400) bits[i] = sign | (size << 13) + (112 << 23);
    else numbers[i] = (sign ? -size : size) * 2 ** -24;
  }
  return numbers;
}
