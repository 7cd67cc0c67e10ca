// Colours of runs and groups.
//
// Twenty-four colours, each with a contrast of at least 3:1 on the light and on the dark background, in an order that puts
// very different hues next to each other. A run gets the next colour when it is first seen, so the runs that are listed
// together differ; the browser remembers the choice, so a run keeps its colour on every page.

import { load, save } from "./store.js";

const COLORS = [
  "#2a8eff", "#cf630d", "#11ab51", "#e4405e", "#ac67ef", "#03999f", "#a88d10", "#d446a1",
  "#7c7bff", "#719503", "#009ccf", "#b97500", "#4067e8", "#9c5906", "#0c8a5e", "#c51e21",
  "#a142c0", "#0b798a", "#7d7800", "#bd1d6d", "#0b7bb9", "#387f01", "#7b53dd", "#8b6400",
];

const MOST_REMEMBERED = 5000;

const slots = new Map(load("colors", []));
let nextSlot = slots.size === 0 ? 0 : [...slots.values()].at(-1) + 1;
let saveTimer = 0;

export function runColor(id) {
  return colorOf(`run ${id}`);
}

export function groupColor(name) {
  return colorOf(`group ${name}`);
}

function colorOf(key) {
  if (!slots.has(key)) {
    slots.set(key, nextSlot++ % COLORS.length);
    // Lists ask for many colours at once; one write is enough.
    saveTimer ||= setTimeout(remember, 500);
  }
  return COLORS[slots.get(key)];
}

function remember() {
  saveTimer = 0;
  save("colors", [...slots].slice(-MOST_REMEMBERED));
}
