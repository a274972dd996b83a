// Codes of outputs, and what the decoder reads for them.
import fs from "node:fs";
const [assets, folder] = process.argv.slice(2);
const { codesOf, valuesOf } = await import(`${assets}/model.js`);
const { rule, values, outputs } = JSON.parse(
  fs.readFileSync(`${folder}/job.json`));
const table = values && Float32Array.from(values);
const codes = outputs.map(row => codesOf(rule, table, Float32Array.from(row)));
const read = codes.map(row => Array.from(valuesOf(rule, table, row)));
console.log(JSON.stringify([codes, read]));
