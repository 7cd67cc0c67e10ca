// Runs as points in the space of their config and summary values, for the plots that compare runs.

import { flatten, withoutInternals } from "./flatten.js";
import { compareNames } from "./format.js";
import { runColor } from "./palette.js";

/** From the full answer about a run; keys are named as in filters: `config.lr`, `summary.val/acc`. */
export function pointOfRun({ id, name, config, summary }) {
  return makePoint(id, name, [
    ...flatten(withoutInternals(config)).map(([key, value]) => [`config.${key}`, value]),
    ...flatten(withoutInternals(summary)).map(([key, value]) => [`summary.${key}`, value]),
  ]);
}

/** From a row of the run list, which holds the columns that were asked for. */
export function pointOfRow({ id, name, values }) {
  return makePoint(id, name, Object.entries(values));
}

function makePoint(id, name, entries) {
  return { id, name, color: runColor(id), values: new Map(entries) };
}

/** The keys that can be plotted: those with different values, sorted; plain values only. */
export function plottableKeys(points) {
  const seen = new Map();
  for (const { values } of points) {
    for (const [key, value] of values) {
      if (typeof value === "object") continue;
      if (!seen.has(key)) seen.set(key, new Set());
      seen.get(key).add(value);
    }
  }
  return [...seen].filter(([, values]) => values.size > 1).map(([key]) => key).sort(compareNames);
}

/** `config.lr` → `lr`: the part that tells axes apart. */
export function shortName(key) {
  return key.replace(/^(config|summary)\./, "");
}
