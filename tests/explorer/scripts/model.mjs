// Images of codes by the model of a page: its plan and blocks in one folder.
import fs from "node:fs";
const [assets, folder] = process.argv.slice(2);
const { startModel } = await import(`${assets}/model.js`);
const { plan, codes } = JSON.parse(fs.readFileSync(`${folder}/job.json`));
const block = async name => new Uint8Array(fs.readFileSync(`${folder}/${name}`));
const model = await startModel(block, plan);
console.log(JSON.stringify(Array.from(await model.decode(codes))));
