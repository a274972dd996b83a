// Widens all float16 numbers of a file.
import fs from "node:fs";
const [assets, folder] = process.argv.slice(2);
const { widen } = await import(`${assets}/network.js`);
const bytes = new Uint8Array(fs.readFileSync(`${folder}/halves`));
fs.writeFileSync(`${folder}/whole`, widen(new Uint16Array(bytes.buffer)));
