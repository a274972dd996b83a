// The model in this page: decodes codes and encodes an image. `remote.js` has
// the same two functions for a model on a server.

import { useWebAssembly } from "./memory.js";
import { network } from "./network.js";

/**
 * Starts the model.
 * @param block Function from a name to a promise of its bytes.
 * @param plan The networks' steps and the rules of the latent.
 */
export async function startModel(block, plan) {
  try {
    await useWebAssembly(await block("gemm"));
  } catch { /* It is off, or too old: memory.js multiplies. */ }
  const decoder = network(plan.decoder, await block("decoder"));
  const table = plan.latent.table && new Float32Array((await block("table")).buffer);
  const pixel = plan.likelihood === "gaussian" ? x => Math.min(Math.max(x, 0), 1) : x => 1 / (1 + Math.exp(-x));
  let encoder = null;
  return {
    /** Images of rows of codes: floats in [0, 1], one image after another. */
    async decode(rows) {
      const images = rows.map(codes => decoder(valuesOf(plan.latent, table, codes)).map(pixel));
      const all = new Float32Array(rows.length * images[0].length);
      images.forEach((image, i) => all.set(image, i * image.length));
      return all;
    },
    /** The codes of one image, floats in [0, 1]. */
    async encode(pixels) {
      encoder ??= network(plan.encoder, await block("encoder"));
      return codesOf(plan.latent, table, encoder(pixels));
    },
  };
}

/** What the decoder reads for codes. The table is one for all latents, or one each. */
export function valuesOf({ table: shape }, table, codes) {
  if (!table) return Float32Array.from(codes);
  const [tables, size, width] = shape, values = new Float32Array(codes.length * width);
  codes.forEach((code, latent) => {
    const start = (latent % tables * size + code) * width;
    values.set(table.subarray(start, start + width), latent * width);
  });
  return values;
}

/** What the latent makes of the encoder's output: the nearest of its values. */
export function codesOf({ table: shape, sizes, squash }, table, outputs) {
  if (!table) return Array.from(outputs.subarray(0, sizes.length));
  const [tables, size, width] = shape, bounded = squash ? outputs.map(Math.tanh) : outputs;
  return sizes.map((number, latent) => {
    let nearest = 0, least = Infinity;
    for (let code = 0; code < number; code++) {
      const start = (latent % tables * size + code) * width;
      let distance = 0;
      for (let k = 0; k < width; k++) distance += (bounded[latent * width + k] - table[start + k]) ** 2;
      if (distance < least) [nearest, least] = [code, distance];
    }
    return nearest;
  });
}
