// The model on the server of this page: the functions of `model.js`, computed
// there.

/** Starts nothing: the server has the model. */
export async function startModel(block, plan) {
  const ask = async (what, numbers) => {
    const answer = await fetch(what, { method: "POST", body: numbers, headers: { "Content-Type": "application/octet-stream" } });
    if (!answer.ok) throw new Error(`The server says: ${await answer.text()}`);
    return answer.arrayBuffer();
  };
  const Codes = plan.isDiscrete ? Int32Array : Float32Array;
  return {
    decode: async rows => new Float32Array(await ask("decode", Codes.from(rows.flat()))),
    encode: async pixels => Array.from(new Codes(await ask("encode", pixels))),
  };
}
