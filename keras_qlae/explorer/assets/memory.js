// The memory of networks, and the only slow operation, the matrix product. It
// runs in WebAssembly (gemm.wat) or, if that is off, in this file. Places in
// memory are counted in numbers of 4 bytes.

let memory = null;
let top = 0;
let gemm = plainGemm;
export let heap = new Float32Array(1 << 20);

/** Multiplies in WebAssembly from now on. Call it before weights are placed. */
export async function useWebAssembly(bytes) {
  const own = new WebAssembly.Memory({ initial: 64 });
  const { instance } = await WebAssembly.instantiate(bytes, { "": { memory: own } });
  gemm = (a, b, c, m, n, k) => instance.exports.gemm(4 * a, 4 * b, 4 * c, m, n, k);
  memory = own;
  heap = new Float32Array(memory.buffer);
  top = 0;
}

/** Allocates a place for `size` numbers; `release` frees it. */
export function take(size) {
  const place = top;
  top += roundUp(size, 8);
  grow(top);
  return place;
}

export const mark = () => top;
export function release(place) { top = place; }
export const roundUp = (count, unit) => Math.ceil(count / unit) * unit;

/** A [depth, width] matrix for `multiply`, in panels of 8 columns. */
export function pack(weights, depth, width) {
  const padded = roundUp(width, 8), place = take(depth * padded);
  heap.fill(0, place, place + depth * padded);
  for (let row = 0, from = 0; row < depth; row++)
    for (let column = 0; column < width; column++, from++)
      heap[place + (column >> 3) * depth * 8 + row * 8 + (column & 7)] = weights[from];
  return { place, depth, width, padded };
}

/** Room for a product of `rows` rows: a few more than asked for are written. */
export const takeProduct = (rows, matrix) => take(roundUp(rows, 4) * matrix.padded);

/** Writes a[rows, depth] times the matrix to `c`, rows of `padded` numbers. */
export function multiply(a, rows, matrix, c) {
  const many = roundUp(rows, 4); // numbers read past the end are not used
  grow(a + many * matrix.depth);
  gemm(a, matrix.place, c, many, matrix.padded, matrix.depth);
}

function grow(end) {
  const missing = end - heap.length;
  if (missing <= 0) return;
  if (memory) {
    memory.grow(Math.ceil(missing / 16384) + 64);
    heap = new Float32Array(memory.buffer);
  } else {
    const old = heap;
    heap = new Float32Array(Math.max(2 * old.length, end));
    heap.set(old);
  }
}

function plainGemm(a, b, c, m, n, k) {
  const panel = k * 8;
  for (let j = 0; j < n; j += 4)
    for (let i = 0; i < m; i++) {
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      let p = a + i * k, q = b + (j >> 3) * panel + (j & 4);
      for (const end = p + k; p < end; p++, q += 8) {
        const x = heap[p];
        s0 += x * heap[q];
        s1 += x * heap[q + 1];
        s2 += x * heap[q + 2];
        s3 += x * heap[q + 3];
      }
      const to = c + i * n + j;
      heap[to] = s0;
      heap[to + 1] = s1;
      heap[to + 2] = s2;
      heap[to + 3] = s3;
    }
}
