// Training curves: one panel per quantity, drawn by uPlot. All panels show
// the same part of the training.

import { $, make } from "./elements.js";

// Lines differ in more than their colour.
const COLOURS = ["--blue", "--red", "--ink"], DASHES = [[], [7, 4], [2, 3]], MARKERS = ["solid", "dashed", "dotted"];
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]; // epochs from one label to the next
const colourOf = name => () => getComputedStyle(document.documentElement).getPropertyValue(name);

export function drawCurves({ epochs, panels }) {
  const first = epochs[0], last = epochs.at(-1), controls = [$("zoom-from"), $("zoom-to")];
  const write = x => String(Math.round(10 * x) / 10);
  const axis = { stroke: colourOf("--soft"), grid: { stroke: colourOf("--line"), width: 1 }, ticks: { show: false } };

  const plots = panels.map(({ title, isLog, lines }) => {
    const figure = make("div", { attributes: { role: "group", "aria-label": `${title} by epoch` } }, make("h3", { textContent: title }));
    $("curves").append(figure);
    const options = {
      width: figure.clientWidth, height: 190,
      cursor: { sync: { key: "epochs" }, drag: { x: true, y: false } },
      scales: {
        x: { time: false, range: (plot, low, high) => (low === high ? [low - 1, high + 1] : [low, high]) },
        y: isLog ? { distr: 3 } : {},
      },
      axes: [{ ...axis, size: 30, incrs: WHOLE }, { ...axis, size: 56 }],
      series: [
        { label: "epoch", value: (plot, x) => (x === null ? "" : write(x)) },
        ...lines.map(({ name }, i) => ({
          label: name, stroke: colourOf(COLOURS[i % 3]), dash: DASHES[i % 3], width: 2, spanGaps: true,
          points: { show: epochs.length < 3 }, value: (plot, y) => (y === null ? "" : Number(y.toPrecision(4))),
        })),
      ],
      legend: { markers: { width: 2, dash: (plot, line) => MARKERS[(line - 1) % 3] } },
      hooks: { setScale: [(plot, scale) => scale === "x" && follow(plot.scales.x)] },
    };
    return new uPlot(options, [epochs, ...lines.map(({ values }) => values)], figure);
  });

  /** Shows a part of the training in every panel. */
  function zoom(min, max) {
    for (const plot of plots) if (plot.scales.x.min !== min || plot.scales.x.max !== max) plot.setScale("x", { min, max });
  }

  /** Sets the controls to the visible part. */
  function follow({ min, max }) {
    [min, max].forEach((x, i) => {
      const seen = Math.min(last, Math.max(first, x));
      controls[i].value = seen;
      controls[i].setAttribute("aria-valuetext", `epoch ${write(seen)}`);
      $(`${controls[i].id}-value`).textContent = write(seen);
    });
  }

  controls.forEach((control, i) => {
    Object.assign(control, { min: first, max: last, value: [first, last][i], step: (last - first) / 100 || 1, disabled: first === last });
    control.oninput = () => {
      const [from, to] = controls.map(each => Number(each.value)), least = (last - first) / 100;
      if (to - from >= least) zoom(from, to);
      else follow(plots[0].scales.x);
    };
  });
  follow({ min: first, max: last });
  $("zoom-all").onclick = () => zoom(first, last);
  const redraw = () => plots.forEach(plot => plot.redraw(false));
  addEventListener("themechange", redraw);
  new ResizeObserver(() => plots.forEach(plot => {
    const width = plot.root.parentElement.clientWidth;
    if (width !== plot.width) plot.setSize({ width, height: 190 });
  })).observe($("curves"));
  globalThis.curves = { plots, zoom }; // for tests
}
