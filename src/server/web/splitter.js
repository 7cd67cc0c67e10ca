// The bar between table and charts: drag it, or move it with the arrow keys.

import { h } from "./dom.js";
import { load, save } from "./store.js";

const SMALLEST = 20;
const LARGEST = 80;
const DEFAULT = 38;
const KEY_STEP = 4;

/** Sets the custom property `--table-share` of `container`, a percentage of its width. */
export function splitter(container) {
  const bar = h("div", {
    class: "splitter",
    role: "separator",
    tabIndex: 0,
    "aria-label": "Width of the table",
    "aria-orientation": "vertical",
    "aria-valuemin": SMALLEST,
    "aria-valuemax": LARGEST,
  });
  let share = 0;

  const set = (wanted) => {
    share = Math.round(Math.max(SMALLEST, Math.min(LARGEST, wanted)));
    container.style.setProperty("--table-share", `${share}%`);
    bar.setAttribute("aria-valuenow", share);
  };
  const remember = () => save("split", share);

  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  bar.addEventListener("pointermove", (event) => {
    if (!bar.hasPointerCapture(event.pointerId)) return;
    const box = container.getBoundingClientRect();
    set(((event.clientX - box.left) / box.width) * 100);
  });
  bar.addEventListener("pointerup", remember);
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP }[event.key];
    if (!step) return;
    event.preventDefault();
    set(share + step);
    remember();
  });

  set(load("split", DEFAULT));
  return bar;
}
