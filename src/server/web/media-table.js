// Logged tables: the table of the chosen step, with pictures and numbers in its cells.

import { clear, errorBox, h } from "./dom.js";
import { dataTable } from "./data-table.js";
import { stepSlider } from "./step-slider.js";

// A slider that is dragged passes many steps; only where it rests is a table worth fetching.
const DRAG_PAUSE_MS = 150;

export function tablePanel(container, rows, { key, fileHref }) {
  const body = h("div", {}, h("p", { class: "loading" }, "Loading…"));
  let shownPath = null;
  let timer = 0;
  const slider = stepSlider(rows.map(({ step }) => step), (index) => {
    clearTimeout(timer);
    timer = setTimeout(() => show(rows[index].value.path), DRAG_PAUSE_MS);
  });
  container.append(body, slider.element);

  async function show(path) {
    if (path === shownPath) return;
    shownPath = path;
    try {
      const table = await fetchTable(fileHref(path));
      if (path !== shownPath) return;
      clear(body).append(dataTable({ ...table, label: key, fileHref }));
    } catch (error) {
      if (path === shownPath) clear(body).append(errorBox(error));
    }
  }

  return {
    update(newRows) {
      rows = newRows;
      slider.setSteps(rows.map(({ step }) => step));
    },
    destroy() {
      clearTimeout(timer);
      slider.destroy();
    },
  };
}

async function fetchTable(href) {
  const response = await fetch(href);
  if (!response.ok) throw new Error(`The table could not be read: the server answered ${response.status}.`);
  // Python's json module writes NaN and Infinity, which JSON does not have.
  const text = await response.text();
  const { columns, data } = JSON.parse(text.replace(/([[,:]\s*)(NaN|-?Infinity)(?=\s*[,\]}])/g, '$1"$2"'));
  return { columns: columns.map(String), rows: data };
}
