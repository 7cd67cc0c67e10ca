// Parallel coordinates of runs: the choice of axes, the plot, ranges by keyboard, and the list of runs in all ranges.

import { clear, h, link } from "./dom.js";
import { count } from "./format.js";
import { parallelPlot } from "./parallel-plot.js";
import { rangeSliders } from "./parallel-ranges.js";
import { shortName } from "./points.js";
import { makeAxis } from "./value-axis.js";

const MOST_LISTED = 100;

/**
 * `points` are runs, `keys` what can be an axis, `chosen` the keys of the first view; the last axis gives the colour.
 * `hrefOf(id)` is the page of a run, `openRun(id)` goes there. Returns `{element, update(points), destroy()}`.
 */
export function parallelCoordinates({ points, keys, chosen, hrefOf, openRun }) {
  const selected = new Set(chosen.filter((key) => keys.includes(key)));
  // Ranges are kept as [from, to] between 0 and 1 of their axis.
  const ranges = new Map();
  let axes = [];
  const plot = parallelPlot({ ranges, openRun, changed: () => rangesChanged() });
  const sliders = h("div", {});
  const picked = h("span", {});
  const status = h("p", { class: "muted", role: "status" });
  const list = h("ul", { class: "run-links" });
  const clearButton = h("button", { type: "button", onclick: clearRanges }, "Clear ranges");

  function axesChanged() {
    for (const key of ranges.keys()) if (!selected.has(key)) ranges.delete(key);
    axes = [...selected].map((key) => ({ key, label: shortName(key), axis: makeAxis(points.map(({ values }) => values.get(key))) }));
    picked.textContent = `Axes (${axes.length})`;
    plot.show(points, axes);
    rangesChanged();
  }

  /** `redrawSliders` is false when a slider made the change: redrawing would take it from the reader's hand. */
  function rangesChanged({ redrawSliders = true } = {}) {
    const inside = points.filter((point) => isInside(point, axes, ranges));
    plot.setInside(new Set(inside.map(({ id }) => id)));
    if (redrawSliders) clear(sliders).append(rangeSliders(axes, ranges, () => rangesChanged({ redrawSliders: false })));
    clearButton.hidden = ranges.size === 0;
    const part = inside.length > MOST_LISTED ? ` The first ${MOST_LISTED}:` : "";
    status.textContent = `${inside.length} of ${count(points.length, "run")}${ranges.size > 0 ? " in the chosen ranges" : ""}.${part}`;
    clear(list).append(...inside.slice(0, MOST_LISTED).map(runItem));
  }

  function runItem({ id, name }) {
    const light = () => plot.highlight(id);
    const dark = () => plot.highlight(null);
    return h("li", {}, link(hrefOf(id), name, { onpointerenter: light, onpointerleave: dark, onfocus: light, onblur: dark }));
  }

  function clearRanges() {
    ranges.clear();
    rangesChanged();
  }

  function toggleAxis(key, on) {
    selected.delete(key);
    // A new axis goes before the last one, which keeps giving the colour.
    const last = [...selected].at(-1);
    if (on) selected.add(key);
    if (on && selected.delete(last)) selected.add(last);
    axesChanged();
  }

  axesChanged();
  const element = h("div", { class: "parallel" },
    h("div", { class: "toolbar" },
      h("details", { class: "picker" }, h("summary", {}, picked), keyChoices(keys, selected, toggleAxis)),
      h("span", { class: "muted" }, "Drag along an axis to choose a range. The last axis gives the colour."),
      clearButton),
    plot.element,
    h("details", {}, h("summary", {}, "Choose ranges by keyboard"), sliders),
    status,
    list);
  return {
    element,
    /** Takes newer values of the runs, keeping the chosen axes and ranges. */
    update(newPoints) {
      points = newPoints;
      axesChanged();
    },
    destroy: plot.destroy,
  };
}

function isInside({ values }, axes, ranges) {
  return axes.every(({ key, axis }) => {
    const range = ranges.get(key);
    if (!range) return true;
    const t = axis.place(values.get(key));
    return t !== null && t >= range[0] && t <= range[1];
  });
}

function keyChoices(keys, selected, toggle) {
  return h("fieldset", { class: "picker-list" }, h("legend", { class: "visually-hidden" }, "Axes"),
    keys.map((key) => h("label", {},
      h("input", { type: "checkbox", checked: selected.has(key), onchange: (event) => toggle(key, event.target.checked) }), ` ${key}`)));
}
