// The table of runs: head with sorting, rows, groups. It draws what it is told and reports what the reader does.

import { cellValue, fieldName } from "./columns.js";
import { h, redraw } from "./dom.js";
import { hover, onHover, setHover } from "./hover.js";
import { groupHeader } from "./run-groups.js";
import { eyeButton, runRow } from "./run-row.js";

/**
 * `on` has `sort(order)`, `select(ids, checked)`, `visible(ids, shown)`, `open(group, isOpen)` and `tag(tag)`.
 */
export class RunsTable {
  #place;
  #on;
  #drawn = new Map();
  #head = h("thead", {});
  #body = h("tbody", {});
  #stopHover = onHover(({ run }) => this.#mark(run));
  #marked = null;

  constructor(place, on) {
    this.#place = place;
    this.#on = on;
    this.#body.addEventListener("pointerover", (event) => this.#hoverRow(event.target));
    this.#body.addEventListener("pointerleave", () => setHover({}));
    this.#body.addEventListener("focusin", ({ target }) => this.#focusRow(target));
    this.#body.addEventListener("focusout", () => this.#focusRow(null));
    this.element = h("table", { class: "runs", "aria-label": "Runs" }, this.#head, this.#body);
  }

  /** `groups` is a list of `{name, rows, isOpen}`, or null when the rows are not grouped. */
  draw({ rows, groups, columns, sort, selected, visible }) {
    this.#drawHead(rows, columns, sort, selected, visible);
    const drawRow = (row) => this.#row(row, columns, selected.has(row.id), visible.has(row.id));
    const nodes = groups
      ? groups.flatMap((group) => [this.#groupRow(group, columns, visible), ...(group.isOpen ? group.rows.map(drawRow) : [])])
      : rows.map(drawRow);
    const ids = new Set(rows.map(({ id }) => id));
    for (const id of this.#drawn.keys()) if (!ids.has(id)) this.#drawn.delete(id);
    redraw(this.#body, nodes);
  }

  destroy() {
    this.#stopHover();
    setHover({});
  }

  #drawHead(rows, columns, sort, selected, visible) {
    const ids = rows.map(({ id }) => id);
    const ticked = ids.filter((id) => selected.has(id)).length;
    const all = h("input", {
      type: "checkbox",
      "aria-label": "Select all runs of this page",
      checked: ticked > 0 && ticked === ids.length,
      indeterminate: ticked > 0 && ticked < ids.length,
      dataset: { focus: "select all" },
      onchange: (event) => this.#on.select(ids, event.target.checked),
    });
    const isAnyVisible = ids.some((id) => visible.has(id));
    redraw(this.#head, h("tr", {},
      h("td", { class: "run-controls" }, all, eyeButton("all runs of this page", isAnyVisible, "eye all", () => this.#on.visible(ids, !isAnyVisible))),
      this.#headCell("name", sort, "run-name"),
      columns.map((column) => this.#headCell(column, sort, isNumeric(rows, column) ? "number" : ""))));
  }

  #headCell(column, sort, className) {
    const field = fieldName(column);
    const direction = sort === field ? "ascending" : sort === `-${field}` ? "descending" : "none";
    const next = direction === "descending" ? field : `-${field}`;
    const arrow = { ascending: " ▲", descending: " ▼", none: "" }[direction];
    const attributes = { type: "button", title: `Sort by ${column}`, dataset: { focus: `sort ${column}` }, onclick: () => this.#on.sort(next) };
    const kind = column.startsWith("config.") && h("span", { class: "column-kind" }, "config");
    return h("th", { scope: "col", class: className, "aria-sort": direction },
      h("button", attributes, column.replace(/^(summary|config)\./, ""), arrow, kind));
  }

  /** A row is only built again when something in it changed: a live list is drawn often. */
  #row(row, columns, isSelected, isVisible) {
    const signature = JSON.stringify([row, columns, isSelected, isVisible]);
    const known = this.#drawn.get(row.id);
    if (known?.signature === signature) return known.node;
    const on = {
      select: (id, checked) => this.#on.select([id], checked),
      visible: (id, shown) => this.#on.visible([id], shown),
      tag: this.#on.tag,
    };
    const node = runRow(row, { ...this.#place, columns, isSelected, isVisible, on });
    this.#drawn.set(row.id, { signature, node });
    return node;
  }

  #groupRow(group, columns, visible) {
    const isVisible = group.rows.some(({ id }) => visible.has(id));
    return groupHeader(group, { columns, isOpen: group.isOpen, isVisible, on: this.#on });
  }

  #hoverRow(target) {
    const row = target.closest("tr");
    // Between two rows the pointer is on the body itself.
    if (!row) return;
    const { run, group } = row.dataset;
    setHover({ run: run ?? `group ${group}` });
  }

  #focusRow(target) {
    // A live table puts the focus back each time it is drawn; that must not take the cursor from a chart in use.
    if (hover.source !== null) return;
    if (target === null) setHover({});
    // A click gives the focus too, but then the pointer decides.
    else if (target.matches(":focus-visible")) this.#hoverRow(target);
  }

  #mark(run) {
    this.#marked?.classList.remove("highlight");
    this.#marked = this.#drawn.get(run)?.node ?? null;
    this.#marked?.classList.add("highlight");
  }
}

/** Whether a column is set to the right, as numbers are. Points in time read as words. */
function isNumeric(rows, column) {
  return column !== "created" && rows.some((row) => typeof cellValue(row, column) === "number");
}
