// What the plots of runs have in common: the tip beside the pointer, and labels that fit.

import { clear, h } from "./dom.js";

const DISTANCE = 14;
const MOST_LABEL = 16;

/** A tip inside `plot`; `show(entries, place)` lists `[name, text]` pairs at `{clientX, clientY}`. */
export function plotTip(plot) {
  const tip = h("div", { class: "plot-tip", hidden: true });
  plot.append(tip);

  function show(entries, { clientX, clientY }) {
    clear(tip).append(h("dl", {}, entries.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])));
    tip.hidden = false;
    const box = plot.getBoundingClientRect();
    const x = clientX - box.left;
    const left = x + DISTANCE + tip.offsetWidth > box.width ? x - DISTANCE - tip.offsetWidth : x + DISTANCE;
    const top = Math.min(clientY - box.top + DISTANCE, box.height - tip.offsetHeight);
    tip.style.left = `${Math.max(0, left)}px`;
    tip.style.top = `${Math.max(0, top)}px`;
  }

  return { show, hide: () => (tip.hidden = true) };
}

export function shorten(text) {
  return text.length > MOST_LABEL ? `${text.slice(0, MOST_LABEL - 1)}…` : text;
}
