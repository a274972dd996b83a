// The page: the chosen codes, when they are decoded, and all buttons.

import { groupsOf, layOut, rowOf } from "./controls.js";
import { $, block, make } from "./elements.js";
import { asPython, codesBetween, distanceToSeen, labelOf, neverSeen, readCodes, writeCodes } from "./latents.js";
import { startModel } from "./model.js";
import { differenceOf, paint, pixelsOf, psnrOf } from "./pictures.js";
import { tableOf } from "./table.js";

const run = JSON.parse($("data-run").textContent);
const shape = run.imageShape;
const timing = {};
const stale = new Set(); // latents whose thumbnails are out of date
const points = { A: run.start, B: null }; // codes
const decoded = { now: null, A: null, B: null }; // their images
let codes = run.start, model = null, seen = null, turn = 0, slice = 8, queue = Promise.resolve();

/** Runs work when all earlier work is done: the model does one thing at a time. */
const inTurn = work => (queue = queue.then(work, work));
const decode = rows => inTurn(() => model.decode(rows));
const say = text => { $("status").textContent = text; };

const rows = run.latents.map((_, i) => rowOf(run, i, {
  choose: (latent, code) => choose(codes.with(latent, code), latent),
  takeFrom: (point, latent) => choose(codes.with(latent, points[point][latent]), latent),
}));

/** Takes new codes; `changed` is the only latent that differs, if there is one. */
function choose(next, changed = null) {
  codes = next;
  rows.forEach((_, latent) => latent !== changed && stale.add(latent));
  return show();
}

/** Shows the chosen codes, then brings thumbnails up to date, those in sight first. */
async function show() {
  const mine = ++turn, start = performance.now();
  updateText();
  const image = await decode([codes]);
  if (mine !== turn) return;
  decoded.now = image;
  paint($("decoded"), image, shape);
  showDifference();
  timing.image = performance.now() - start;
  timing.ready ??= performance.now();
  const inSight = latent => {
    const box = rows[latent].element.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  };
  for (const latent of [...stale].sort((a, b) => inSight(b) - inSight(a))) {
    const { thumbnails } = rows[latent];
    for (let first = 0; first < thumbnails.length;) {
      const part = thumbnails.slice(first, first + slice), began = performance.now();
      const images = await decode(part.map(({ code }) => codes.with(latent, code)));
      if (mine !== turn) return; // newer codes were chosen
      part.forEach(({ canvas }, i) => paint(canvas, images, shape, i));
      first += part.length;
      slice = Math.max(1, Math.min(16, Math.round(25 * part.length / (performance.now() - began))));
      await new Promise(done => setTimeout(done)); // the browser answers keys and clicks
      if (mine !== turn) return;
    }
    stale.delete(latent);
  }
  timing.thumbnails = performance.now() - start;
  // An address for the chosen codes. It fails in a frame without an address,
  // and in some browsers after many calls.
  try { history.replaceState(null, "", `#${writeCodes(codes)}`); } catch { /* The page works without. */ }
}

function updateText() {
  rows.forEach((row, latent) => row.update(codes[latent], [points.A, points.B]));
  $("codes").textContent = asPython(codes);
  const never = (seen ? neverSeen(run.latents, codes) : []).map(i => `latent ${i} at ${labelOf(run.latents[i], codes[i])}`);
  const isFar = seen && distanceToSeen(run.latents, seen, codes) > run.seen.limit;
  const text = never.length
    ? `No image has ${never.slice(0, 3).join(", ")}${never.length > 3 ? " and more" : ""}.`
    : isFar ? "No image has a combination of values like this one." : "";
  if ($("warning").textContent !== text) $("warning").textContent = text;
}

function showDifference() {
  if (!decoded.A || !decoded.now) return;
  const { pixels, largest } = differenceOf(decoded.now, decoded.A, shape);
  paint($("difference"), pixels, [shape[0], shape[1], 1]);
  $("largest").textContent = largest < 0.5 / 255 ? "none" : `white = ${largest.toFixed(2)}`;
}

/** Makes codes one of the two points between which one can go. */
async function setPoint(point, chosen) {
  points[point] = chosen;
  const image = await decode([chosen]);
  if (points[point] !== chosen) return;
  decoded[point] = image;
  paint($(`point-${point}`), image, shape);
  $("way").disabled = $(`go-${point}`).disabled = !points.B;
  $("go-A").disabled = false;
  $("way").value = 0;
  showDifference();
  updateText();
}

/** Starts from codes of an image: they are A, where Reset returns to. */
async function startFrom(found, pixels = null) {
  await setPoint("A", found);
  await choose(found);
  return pixels && psnrOf(pixels, decoded.A);
}

/** Encodes a picture that the user gave. */
async function encodeFile(file) {
  say("Encoding…");
  try {
    const pixels = await pixelsOf(file, shape), found = await inTurn(() => model.encode(pixels));
    paint($("given"), pixels, shape);
    $("given").hidden = false;
    const psnr = await startFrom(found, pixels);
    say(`Encoded and decoded, with a PSNR of ${psnr.toFixed(1)} dB.`);
  } catch (error) {
    say(error.message);
  }
}

/** Puts text onto the clipboard; where that is refused, selects it. */
async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied ${what}.`);
  } catch {
    $("codes").textContent = text;
    getSelection().selectAllChildren($("codes"));
    say(`The browser does not allow this page to copy: ${what} is selected below, press Ctrl+C.`);
  }
}

function savePicture() {
  $("decoded").toBlob(blob => {
    const link = make("a", { href: URL.createObjectURL(blob), download: `${run.name}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    say(`Saved the image as ${run.name}.png.`);
  });
}

/** Moves to a latent's control; `factor` marks a cell of the table. */
function select(latent, factor) {
  document.querySelectorAll(".chosen").forEach(element => element.classList.remove("chosen"));
  rows[latent].element.classList.add("chosen");
  document.querySelector(`[data-cell="${factor ?? run.latents[latent].best}-${latent}"]`)?.classList.add("chosen");
  rows[latent].slider.focus({ preventScroll: true });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  rows[latent].element.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
}

const randomCodes = () => run.latents.map(({ stops }) => stops[Math.floor(Math.random() * stops.length)]);

function fillPage() {
  const groups = groupsOf(run), table = tableOf(run, groups.flatMap(({ latents }) => latents), select);
  $("latents").append(...layOut(groups, rows));
  if (table) $("table").append(table);
  $("table").hidden = !table;
  for (const [name, value, meaning] of run.scores)
    $("scores").append(make("div", { title: meaning }, make("dt", { textContent: name }), make("dd", { textContent: value })));
  for (const [name, value] of Object.entries(run.about))
    $("about").append(make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: value })));
  run.samples.forEach(({ png, codes: own }, i) => {
    const image = make("img", { src: png, alt: "" }), label = `Start from held-out image ${i + 1}`;
    $("samples").append(make("button", {
      type: "button", disabled: true, title: label, attributes: { "aria-label": label },
      onclick: async () => {
        $("given").hidden = true;
        await startFrom(own);
        say(`Started from held-out image ${i + 1}.`);
      },
    }, image));
  });
  $("held-out").hidden = !run.samples.length;
  for (const id of ["decoded", "given", "point-A", "point-B", "difference"]) $(id).style.aspectRatio = `${shape[1]} / ${shape[0]}`;
}

function listen() {
  $("random").onclick = () => choose(randomCodes());
  $("reset").onclick = () => choose(points.A);
  $("open").onclick = () => $("file").click();
  $("file").onchange = () => {
    if ($("file").files.length) encodeFile($("file").files[0]);
    $("file").value = "";
  };
  for (const point of ["A", "B"]) {
    $(`set-${point}`).onclick = async () => {
      await setPoint(point, codes);
      say(`The image is now ${point}.`);
    };
    $(`go-${point}`).onclick = () => choose(points[point]);
  }
  $("way").oninput = () => {
    $("way").setAttribute("aria-valuetext", `${$("way").value} % of the way from A to B`);
    choose(codesBetween(run.latents, points.A, points.B, $("way").value / 100));
  };
  $("link").onclick = () => copy(location.href.replace(/#.*|$/, `#${writeCodes(codes)}`), "the address of these codes");
  $("python").onclick = () => copy(asPython(codes), "Python that decodes these codes");
  $("save").onclick = savePicture;
  const isOver = value => document.body.classList.toggle("dropping", value);
  const fileOf = event => [...(event.dataTransfer ?? event.clipboardData).files][0];
  document.ondragover = event => { event.preventDefault(); isOver(true); };
  document.ondragleave = event => { if (!event.relatedTarget) isOver(false); };
  document.ondrop = event => {
    event.preventDefault();
    isOver(false);
    if (model && fileOf(event)) encodeFile(fileOf(event));
  };
  document.onpaste = event => { if (model && fileOf(event)) encodeFile(fileOf(event)); };
  window.onhashchange = () => {
    const linked = readCodes(run.latents, location.hash);
    if (linked && linked.join() !== codes.join()) choose(linked);
  };
}

async function start() {
  fillPage();
  listen();
  updateText();
  try {
    model = await startModel(block, run.plan);
    const linked = readCodes(run.latents, location.hash);
    document.body.classList.remove("loading");
    document.querySelectorAll("main :disabled:not(.take, #way, #go-B)").forEach(control => { control.disabled = false; });
    say("");
    if (run.seen) {
      const bytes = await block("seen");
      seen = { codes: run.seen.dtype === "float32" ? new Float32Array(bytes.buffer) : new Uint16Array(bytes.buffer), scales: run.seen.scales };
    }
    const first = choose(linked ?? codes);
    await setPoint("A", run.start);
    await first;
  } catch (error) {
    say(`The model could not be started: ${error.message}`);
    explorer.error = String(error.stack ?? error);
  }
}

// For tests, and for the browser's console.
globalThis.explorer = {
  run, timing, decode, choose, encode: pixels => inTurn(() => model.encode(pixels)), codes: () => codes, points,
  isSettled: () => timing.ready !== undefined && stale.size === 0,
};
start();
