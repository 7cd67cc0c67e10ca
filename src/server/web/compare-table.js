// The config and summary values of several runs side by side.

import { clear, h, link } from "./dom.js";
import { asNumber, flatten, withoutInternals } from "./flatten.js";
import { compareNames, number, stateBadge, value as valueText } from "./format.js";
import { runColor } from "./palette.js";

export function compareTable(runs, hrefOf) {
  const onlyDifferent = h("input", { type: "checkbox", checked: true, onchange: draw });
  const baseline = h("select", { onchange: draw },
    h("option", { value: "" }, "none"),
    runs.map(({ id, name }) => h("option", { value: id }, name)));
  const search = h("input", { type: "search", placeholder: "Search keys", "aria-label": "Search keys", dataset: { search: "" }, oninput: draw });
  const table = h("div", { class: "table-scroll compare-table", tabindex: "0", role: "region", "aria-label": "Differences" });
  const groups = ["config", "summary"].map((part) => ({ part, rows: valueRows(runs, part) }));

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    const base = runs.findIndex(({ id }) => id === baseline.value);
    const bodies = groups.map(({ part, rows }) => {
      const shown = rows.filter(({ key, differs }) => key.toLowerCase().includes(wanted) && (differs || !onlyDifferent.checked));
      return h("tbody", {},
        h("tr", { class: "compare-group" }, h("th", { scope: "rowgroup", colSpan: runs.length + 1 }, part === "config" ? "Config" : "Summary")),
        shown.length === 0 ? h("tr", {}, h("td", { class: "muted", colSpan: runs.length + 1 }, "Nothing to show.")) : "",
        shown.map((row) => valueRow(row, base)));
    });
    clear(table).append(h("table", {}, head(runs, base, hrefOf), bodies));
  }

  draw();
  return h("div", {},
    h("div", { class: "toolbar" },
      search,
      h("label", { class: "plot-choice" }, onlyDifferent, " Only what differs"),
      h("label", { class: "plot-choice" }, "Baseline ", baseline)),
    table);
}

/** `[{key, values, differs}]` of all keys of all runs; `values` has undefined where a run lacks the key. */
function valueRows(runs, part) {
  const maps = runs.map((run) => new Map(flatten(withoutInternals(run[part]))));
  const keys = [...new Set(maps.flatMap((map) => [...map.keys()]))].sort(compareNames);
  return keys.map((key) => {
    const values = maps.map((map) => map.get(key));
    return { key, values, differs: new Set(values.map((value) => JSON.stringify(value))).size > 1 };
  });
}

function head(runs, base, hrefOf) {
  return h("thead", {}, h("tr", {},
    h("th", { scope: "col" }, "Key"),
    runs.map(({ id, name, state }, index) => h("th", { scope: "col" },
      h("span", { class: "run-dot", style: { background: runColor(id) } }),
      link(hrefOf(id), name),
      h("div", {}, stateBadge(state), index === base ? h("span", { class: "chip" }, "baseline") : "")))));
}

function valueRow({ key, values }, base) {
  return h("tr", {},
    h("th", { scope: "row" }, key),
    values.map((value, index) => h("td", { class: index !== base && base >= 0 && !same(value, values[base]) ? "compare-changed" : null },
      value === undefined ? h("span", { class: "muted" }, "–") : h("span", { title: valueText(value) }, valueText(value)),
      base >= 0 && index !== base && delta(value, values[base]))));
}

/** The difference to the baseline, also in percent, when both are numbers and differ. */
function delta(value, baseValue) {
  const [now, before] = [asNumber(value), asNumber(baseValue)];
  if (!Number.isFinite(now) || !Number.isFinite(before) || now === before) return "";
  const change = now - before;
  const sign = change > 0 ? "+" : "−";
  const percent = before !== 0 ? ` (${sign}${number(Math.abs(change / before) * 100)} %)` : "";
  return h("div", { class: "compare-delta" }, `${sign}${number(Math.abs(change))}${percent}`);
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}
