// The table of mutual information; its cells select latents and factors.

import { make, setNumber } from "./elements.js";

/**
 * The table; null without factors.
 * @param order The latents in the order of their rows.
 * @param select Function of a latent and a factor (or null).
 */
export function tableOf(run, order, select) {
  if (!run.nmi) return null;
  const spoken = name => name.replaceAll("_", " ");
  const button = (text, label, onclick) => make("button", { type: "button", textContent: text, attributes: { "aria-label": label }, onclick });
  const head = make("tr", {}, make("td"), ...order.map(latent => make("th", { scope: "col", className: run.latents[latent].isActive ? "" : "inactive" },
    button(latent, `Go to latent ${latent}${run.latents[latent].isActive ? "" : ", inactive"}`, () => select(latent, null)))));
  const body = run.factorNames.map((name, factor) => {
    const best = order.reduce((a, b) => (run.nmi[factor][b] > run.nmi[factor][a] ? b : a));
    const cells = order.map(latent => {
      const nmi = run.nmi[factor][latent], isMost = run.latents[latent].factor === factor;
      const cell = make("td", {
        textContent: nmi.toFixed(2).replace(/^0/, ""), title: `latent ${latent}, ${spoken(name)}`,
        className: [isMost && "most", nmi > 0.78 ? "strong" : nmi > 0.69 && "firm"].filter(Boolean).join(" "),
        onclick: () => select(latent, factor),
      });
      cell.dataset.cell = `${factor}-${latent}`;
      return setNumber(cell, "--share", nmi);
    });
    return make("tr", {}, make("th", { scope: "row" }, button(spoken(name), `Go to the latent with most information on ${spoken(name)}`, () => select(best, factor))), ...cells);
  });
  return make("table", {},
    make("caption", {}, make("b", { textContent: "Normalized mutual information of factors and latents" }), " ",
      make("small", { textContent: "0 to 1; columns are latents, choose one to go to it; a frame marks the factor with most information" })),
    make("thead", {}, head), make("tbody", {}, ...body));
}
