// One row per latent: a slider over its values, and thumbnails of their
// images. Rows are listed under the factor with most mutual information.

import { make, setNumber } from "./elements.js";
import { frequencyOf, labelOf, sayCode, stopOf } from "./latents.js";

/** The names under which latents are listed, and the latents of each. */
export function groupsOf(run) {
  const all = run.latents.map((_, i) => i), strongest = (a, b) => (run.latents[b].nmi ?? 0) - (run.latents[a].nmi ?? 0);
  const nameOf = ({ isActive, factor }) => (!isActive ? "Inactive" : factor === null ? "" : run.factorNames[factor]);
  const rest = run.factorNames ? "No factor in particular" : "Latents";
  const names = [...new Set([...(run.factorNames ?? []), "", "Inactive"])];
  return names
    .map(name => ({
      name: name || rest,
      note: name === "Inactive" ? "the same for nearly all images" : "",
      latents: all.filter(i => nameOf(run.latents[i]) === name).sort(strongest),
    }))
    .filter(group => group.latents.length);
}

/**
 * The row of a latent.
 * @param actions `choose(latent, code)` and `takeFrom(point, latent)`.
 */
export function rowOf(run, index, actions) {
  const latent = run.latents[index], name = `latent ${index}`;
  const told = latent.nmi === null ? "" : `, mutual information ${latent.nmi.toFixed(2)} with ${run.factorNames[latent.best]}`;
  const value = make("output", { className: "value" });
  const slider = make("input", {
    type: "range", min: 0, max: latent.stops.length - 1, step: 1, disabled: true, id: `slider-${index}`,
    attributes: { "aria-label": name + told },
    oninput: () => actions.choose(index, latent.stops[slider.value]),
  });
  const takes = ["A", "B"].map(point => make("button", {
    type: "button", className: "take", textContent: point, disabled: true, title: `Take ${name} from ${point}`,
    attributes: { "aria-label": `Take ${name} from ${point}` }, onclick: () => actions.takeFrom(point, index),
  }));
  const head = make("div", { className: "head" }, make("label", { htmlFor: slider.id, textContent: name }));
  if (latent.nmi !== null)
    head.append(make("span", { className: "told", title: `NMI with ${run.factorNames[latent.best]}` },
      setNumber(make("i"), "--share", latent.nmi), latent.nmi.toFixed(2)));
  head.append(value, ...takes);
  const most = Math.max(...(latent.counts ?? [1]));
  const thumbnails = latent.shown.map(stop => {
    const code = latent.stops[stop], canvas = make("canvas", { width: 1, height: 1 });
    const label = [labelOf(latent, code), frequencyOf(latent, code, run.numImages)].filter(Boolean).join(", ");
    const button = make("button", {
      type: "button", tabIndex: -1, disabled: true, title: label, attributes: { "aria-label": `${name}: ${label}` },
      onclick: () => actions.choose(index, code),
    }, canvas);
    if (latent.counts) button.append(setNumber(make("i"), "--share", latent.counts[stop] / most));
    return { code, canvas, button };
  });
  const values = setNumber(make("div", { className: "values" }, ...thumbnails.map(({ button }) => button)), "--columns", thumbnails.length);
  const element = make("div", { className: "latent", id: `latent-${index}` }, head, setNumber(slider, "--columns", thumbnails.length), values);
  return {
    element, slider, thumbnails,
    /** Shows a code, and which points have a different one. */
    update(code, points) {
      slider.value = stopOf(latent, code);
      slider.setAttribute("aria-valuetext", sayCode(latent, code, run.numImages));
      const frequency = frequencyOf(latent, code, run.numImages).replace("in ", "").replace(" of the images", "").replace("none", "0 %");
      value.textContent = [labelOf(latent, code), frequency].filter(Boolean).join(" · ");
      const near = thumbnails.reduce((best, { code: other }) => (Math.abs(other - code) < Math.abs(best - code) ? other : best), thumbnails[0].code);
      for (const { code: own, button } of thumbnails)
        button.setAttribute("aria-pressed", own === code || (!latent.isDiscrete && own === near));
      takes.forEach((button, i) => { button.disabled = !points[i] || points[i][index] === code; });
    },
  };
}

/** Groups of rows as cards in two columns, each in the shorter one. */
export function layOut(groups, rows) {
  const columns = [make("div"), make("div")], placed = [0, 0];
  for (const { name, note, latents } of groups) {
    const title = make("h2", { textContent: name.replaceAll("_", " ") });
    if (note) title.append(" ", make("small", { textContent: note }));
    const card = make("section", { className: "card" }, title, ...latents.map(i => rows[i].element));
    const shorter = placed[0] <= placed[1] ? 0 : 1;
    columns[shorter].append(card);
    placed[shorter] += latents.length + 0.5; // the heading
  }
  return columns;
}
