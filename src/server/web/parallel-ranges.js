// Two sliders for each axis of a parallel coordinates plot: the way to choose ranges without a pointer.

import { h } from "./dom.js";

const STEPS = 100;

/** `ranges` maps keys to [from, to] between 0 and 1 and is changed in place; `changed()` is called after that. */
export function rangeSliders(axes, ranges, changed) {
  return h("div", { class: "range-sliders" }, axes.map(({ key, label, axis }) => axisSliders(key, label, axis, ranges, changed)));
}

function axisSliders(key, label, axis, ranges, changed) {
  const [from, to] = ranges.get(key) ?? [0, 1];
  const low = slider(`Lowest ${label}`, from);
  const high = slider(`Highest ${label}`, to);
  const text = h("output", { class: "muted" });

  function update() {
    const range = [low.value / STEPS, high.value / STEPS];
    if (range[0] === 0 && range[1] === 1) ranges.delete(key);
    else ranges.set(key, range);
    describe();
    changed();
  }

  function describe() {
    const [lowText, highText] = [low, high].map(({ value }) => axis.text(axis.valueAt(value / STEPS)));
    low.setAttribute("aria-valuetext", lowText);
    high.setAttribute("aria-valuetext", highText);
    text.textContent = `${lowText} – ${highText}`;
  }

  low.addEventListener("input", update);
  high.addEventListener("input", update);
  describe();
  return h("div", { class: "range-pair" }, h("span", {}, label), low, high, text);
}

function slider(label, t) {
  return h("input", { type: "range", min: 0, max: STEPS, value: Math.round(t * STEPS), "aria-label": label });
}
