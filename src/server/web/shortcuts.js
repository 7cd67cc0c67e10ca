// Keys that work on every page.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";

const SHORTCUTS = [
  ["/", "Go to the filter or search box"],
  ["?", "Show this list"],
  ["← →", "In a chart: move the cursor from point to point (with Shift: ten points)"],
  ["+ − 0", "In a chart: zoom in, zoom out, show everything"],
  ["Escape", "Close a dialog; in a chart: show everything"],
];

export function installShortcuts() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "/") focusSearch(event);
    else if (event.key === "?") showShortcuts();
  });
}

function isTyping(target) {
  return target.matches?.("input, textarea, select, [contenteditable]") ?? false;
}

function focusSearch(event) {
  // The page marks its box; the first one on the screen is meant.
  const box = [...document.querySelectorAll("[data-search]")].find((node) => node.offsetParent);
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
}

function showShortcuts() {
  if (document.querySelector("dialog[open]")) return;
  const rows = SHORTCUTS.map(([keys, what]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, keys)), h("td", {}, what)));
  openDialog({ title: "Keyboard shortcuts", body: h("table", { class: "shortcuts" }, h("tbody", {}, rows)) });
}
