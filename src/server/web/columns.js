// The columns of the runs table: which there are, which are shown, and the dialog that chooses them.

import { openDialog } from "./dialog.js";
import { emptyState, h, redraw } from "./dom.js";
import { load, save } from "./store.js";

// Fields that every run has, as the filter language names them.
const FIELDS = ["state", "created", "runtime", "tags", "user", "group", "job_type", "sweep", "notes", "id"];
const DEFAULT_FIELDS = ["state", "created", "runtime", "tags"];
const DEFAULT_SUMMARY = 3;
const DEFAULT_CONFIG = 2;

// The server adds these to every summary; few want to see them unasked.
const isInternal = (key) => key.startsWith("_");

/** All columns that can be chosen; `available` is the answer of the server. */
function allColumns(available) {
  return [...FIELDS, ...available.summary.map((key) => `summary.${key}`), ...available.config.map((key) => `config.${key}`)];
}

/** The columns that runs can be grouped by: those whose values tend to repeat. */
export function groupColumns(available) {
  return ["group", "job_type", "state", "user", "sweep", ...available.config.map((key) => `config.${key}`), ...available.summary.map((key) => `summary.${key}`)];
}

export function chosenColumns(entity, project, available) {
  const first = (keys, prefix, amount) => keys.filter((key) => !isInternal(key)).slice(0, amount).map((key) => prefix + key);
  return load(`columns:${entity}/${project}`, null) ?? [
    ...DEFAULT_FIELDS,
    ...first(available.summary, "summary.", DEFAULT_SUMMARY),
    ...first(available.config, "config.", DEFAULT_CONFIG),
  ];
}

/** The columns among `columns` whose values the server must be asked for. */
export function valueColumns(columns) {
  return columns.filter((column) => /^(config|summary)\./.test(column));
}

/** The value of a column for a row of the server. */
export function cellValue(row, column) {
  return valueColumns([column]).length > 0 ? row.values[column] : row[column];
}

/** A column as the filter language and the sort parameter write it: odd characters need backquotes. */
export function fieldName(column) {
  const [, prefix, key] = column.match(/^(config\.|summary\.)?(.*)$/s);
  return /^[\w./-]+$/.test(key) ? column : `${prefix ?? ""}\`${key}\``;
}

/** Lets the reader choose; `onchange(columns)` is called with each change, so the table follows at once. */
export function openColumnDialog({ entity, project, available, chosen, onchange }) {
  let columns = [...chosen];
  const list = h("div", { class: "column-list" });
  const search = h("input", { type: "search", placeholder: "Search columns", "aria-label": "Search columns", autofocus: true, oninput: draw });

  function choose(next) {
    columns = next;
    save(`columns:${entity}/${project}`, columns);
    onchange(columns);
    draw();
  }

  function draw() {
    const wanted = search.value.toLowerCase();
    // Chosen ones first, in the order of the table.
    const all = [...columns, ...allColumns(available).filter((column) => !columns.includes(column))];
    const found = all.filter((column) => column.toLowerCase().includes(wanted));
    redraw(list, found.length > 0 ? found.map((column) => columnLine(column, columns, choose)) : emptyState("No column matches."));
  }

  draw();
  openDialog({
    title: "Columns",
    body: [search, list],
    actions: [h("button", { type: "button", onclick: () => choose(DEFAULT_FIELDS) }, "Only the basics")],
  });
}

function columnLine(column, columns, choose) {
  const position = columns.indexOf(column);
  const isChosen = position >= 0;
  const flip = () => choose(isChosen ? columns.filter((other) => other !== column) : [...columns, column]);
  const move = (step) => {
    const moved = columns.filter((other) => other !== column);
    moved.splice(position + step, 0, column);
    choose(moved);
  };
  const mover = (name, sign, step, disabled) => h("button", {
    type: "button",
    class: "icon-button",
    disabled,
    "aria-label": `Move ${column} ${name}`,
    dataset: { focus: `${name} ${column}` },
    onclick: () => move(step),
  }, sign);
  return h("div", { class: "column-line" },
    h("label", {}, h("input", { type: "checkbox", checked: isChosen, dataset: { focus: `box ${column}` }, onchange: flip }), h("span", {}, column)),
    isChosen && mover("up", "↑", -1, position === 0),
    isChosen && mover("down", "↓", 1, position === columns.length - 1));
}
