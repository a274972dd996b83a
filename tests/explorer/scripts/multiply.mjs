// Multiplies in WebAssembly and in JavaScript.
const [assets] = process.argv.slice(2);
const own = await import(`${assets}/memory.js`);
const plain = await import(`${assets}/memory.js?plain`);
const fs = await import("node:fs");
await own.useWebAssembly(fs.readFileSync(`${assets}/gemm.wasm`));
for (const [m, n, k] of [[1, 1, 1], [5, 9, 3], [8, 17, 30], [700, 40, 900]]) {
  const a = Float32Array.from({ length: m * k }, (_, i) => Math.sin(i));
  const b = Float32Array.from({ length: k * n }, (_, i) => Math.cos(i));
  const found = [own, plain].map(memory => {
    const matrix = memory.pack(b, k, n), at = memory.take(m * k);
    memory.heap.set(a, at);
    const c = memory.takeProduct(m, matrix);
    memory.multiply(at, m, matrix, c);
    return memory.heap.slice(c, c + m * matrix.padded);
  });
  const padded = found[0].length / m;
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let q = 0; q < k; q++) sum += a[i * k + q] * b[q * n + j];
    for (const c of found)
      if (!(Math.abs(c[i * padded + j] - sum) < 1e-5 * k)) throw new Error(`${m} ${n} ${k}`);
  }
}
