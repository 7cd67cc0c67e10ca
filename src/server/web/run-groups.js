// Grouping of the rows of the runs table by the value of a column.

import { cellValue } from "./columns.js";
import { h } from "./dom.js";
import { compareNames, count, duration, number, value } from "./format.js";
import { groupColor } from "./palette.js";
import { eyeButton } from "./run-row.js";


/** The name of the group that a row belongs to. */
export function groupName(row, column) {
  const content = cellValue(row, column);
  return content === undefined || content === null || content === "" ? "(none)" : value(content);
}

/** `[{name, rows}]` in the order of the names. */
export function groupRows(rows, column) {
  return [...Map.groupBy(rows, (row) => groupName(row, column))]
    .map(([name, members]) => ({ name, rows: members }))
    .sort((a, b) => compareNames(a.name, b.name));
}

/** The row above the members of a group: its size and the means of its numbers. */
export function groupHeader({ name, rows }, { columns, isOpen, isVisible, on }) {
  const openButton = h("button", {
    type: "button",
    class: "icon-button",
    "aria-expanded": isOpen,
    "aria-label": `Runs of group ${name}`,
    dataset: { focus: `open ${name}` },
    onclick: () => on.open(name, !isOpen),
  }, isOpen ? "▾" : "▸");
  return h("tr", { class: "group-row", dataset: { group: name } },
    h("td", { class: "run-controls" },
      openButton,
      eyeButton(`group ${name}`, isVisible, `group eye ${name}`, () => on.visible(rows.map(({ id }) => id), !isVisible))),
    h("th", { scope: "rowgroup", class: "run-name" },
      h("span", { class: "swatch", style: { background: groupColor(name) } }),
      h("span", { class: "group-name", title: name }, name),
      h("span", { class: "muted" }, count(rows.length, "run"))),
    columns.map((column) => meanCell(rows, column)));
}

function meanCell(rows, column) {
  // A mean of points in time says nothing.
  if (column === "created") return h("td", {});
  const numbers = rows.map((row) => cellValue(row, column)).filter((content) => typeof content === "number" && Number.isFinite(content));
  if (numbers.length === 0) return h("td", {});
  const mean = numbers.reduce((sum, content) => sum + content, 0) / numbers.length;
  const text = column === "runtime" ? duration(mean) : number(mean);
  return h("td", { class: "number", title: `Mean of ${count(numbers.length, "run")}` }, h("span", { class: "muted" }, "mean "), text);
}
