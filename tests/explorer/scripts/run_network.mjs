// Runs a network on inputs: files of one folder.
import fs from "node:fs";
const [assets, folder] = process.argv.slice(2);
const { useWebAssembly } = await import(`${assets}/memory.js`);
const { network } = await import(`${assets}/network.js`);
const bytes = path => new Uint8Array(fs.readFileSync(path));
const job = JSON.parse(fs.readFileSync(`${folder}/job.json`));
if (job.wasm) await useWebAssembly(bytes(`${assets}/gemm.wasm`));
const all = new Float32Array(bytes(`${folder}/inputs`).buffer);
const run = network(job.plan, bytes(`${folder}/weights`));
const size = all.length / job.count, outputs = [];
for (let i = 0; i < job.count; i++) outputs.push(run(all.subarray(i * size, (i + 1) * size)));
const whole = new Float32Array(job.count * outputs[0].length);
outputs.forEach((each, i) => whole.set(each, i * each.length));
fs.writeFileSync(`${folder}/outputs`, whole);
