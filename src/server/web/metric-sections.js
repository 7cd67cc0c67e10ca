// Sorts metrics into the sections of a page of charts.

import { compareNames } from "./format.js";

/** `train/loss` → `train`, `system.cpu` → `System`, `loss` → `Charts`. */
function sectionOf(metric, stream) {
  if (stream === "events") return "System";
  const slash = metric.indexOf("/");
  return slash > 0 ? metric.slice(0, slash) : "Charts";
}

/**
 * Sections `[{name, panels: [{metric, stream}]}]` of all metrics that match `search`: general charts first, the system
 * last, the others by name.
 */
export function sections(entries, search) {
  const matches = matcher(search);
  const byName = Map.groupBy(entries.filter(({ metric }) => matches(metric)), ({ metric, stream }) => sectionOf(metric, stream));
  const rank = (name) => (name === "Charts" ? 0 : name === "System" ? 2 : 1);
  return [...byName]
    .map(([name, panels]) => ({ name, panels: panels.sort((a, b) => compareNames(a.metric, b.metric)) }))
    .sort((a, b) => rank(a.name) - rank(b.name) || compareNames(a.name, b.name));
}


/** Text that is no valid regular expression is still found as plain text. */
function matcher(search) {
  const plain = search.toLowerCase();
  let pattern = null;
  try {
    pattern = new RegExp(search, "i");
  } catch {
    // Half-typed, such as `train/(`.
  }
  return (metric) => metric.toLowerCase().includes(plain) || (pattern?.test(metric) ?? false);
}
