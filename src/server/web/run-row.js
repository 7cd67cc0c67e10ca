// One row of the runs table.

import { pagePath } from "./api.js";
import { cellValue } from "./columns.js";
import { h, link } from "./dom.js";
import { duration, exact, number, stateBadge, timeElement, value } from "./format.js";
import { icon } from "./icons.js";
import { runColor } from "./palette.js";

/**
 * `on` has `select(id, checked)`, `visible(id, shown)` and `tag(tag)`. The `data-focus` of the controls lets the table put the
 * focus back when a row is drawn again.
 */
export function runRow(row, { entity, project, columns, isSelected, isVisible, on }) {
  const tick = h("input", {
    type: "checkbox",
    checked: isSelected,
    "aria-label": `Select ${row.name}`,
    dataset: { focus: `select ${row.id}` },
    onchange: (event) => on.select(row.id, event.target.checked),
  });
  return h("tr", { dataset: { run: row.id }, class: isVisible ? "" : "run-hidden" },
    h("td", { class: "run-controls" },
      tick,
      eyeButton(row.name, isVisible, `eye ${row.id}`, () => on.visible(row.id, !isVisible))),
    h("th", { scope: "row", class: "run-name" },
      h("span", { class: "swatch", style: { background: runColor(row.id) } }),
      link(pagePath(entity, project, "runs", row.id), row.name || row.id, { title: row.name, dataset: { focus: `name ${row.id}` } })),
    columns.map((column) => cell(row, column, on)));
}

export function eyeButton(what, isVisible, focus, onclick) {
  const label = `${isVisible ? "Hide" : "Show"} ${what} in the charts`;
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, dataset: { focus }, onclick }, icon(isVisible ? "eye" : "hidden"));
}

function cell(row, column, on) {
  const content = cellValue(row, column);
  switch (column) {
    case "state": return h("td", {}, stateBadge(content));
    case "created": return h("td", {}, timeElement(content));
    case "runtime": return h("td", { class: "number" }, duration(content));
    case "tags": return h("td", { class: "tags-cell" }, content.map((tag) => tagChip(tag, on)));
    default: return valueCell(content);
  }
}

function tagChip(tag, on) {
  return h("button", { type: "button", class: "chip", title: `Show only runs tagged ${tag}`, onclick: () => on.tag(tag) }, tag);
}

function valueCell(content) {
  if (content === undefined || content === null || content === "") return h("td", { class: "muted" }, "–");
  if (typeof content === "number") return h("td", { class: "number", title: exact(content) }, number(content));
  return h("td", { class: "text-cell", title: value(content) }, value(content));
}
