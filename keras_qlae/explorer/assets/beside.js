// The pictures of two runs side by side, each chosen from a list.

import { $, make } from "./elements.js";

/** @param runs The `name`, `scores` (text) and `picture` (address) of each. */
export function putBeside(runs) {
  ["left", "right"].forEach((side, i) => {
    const choice = $(`${side}-run`);
    choice.append(...runs.map(({ name }, k) => make("option", { value: k, textContent: name })));
    choice.value = Math.min(i, runs.length - 1);
    choice.onchange = () => {
      const { name, scores, picture } = runs[choice.value];
      Object.assign($(`${side}-picture`), { src: picture, alt: `Traversals of ${name}` });
      $(`${side}-scores`).textContent = scores;
    };
    choice.onchange();
  });
}
