// A table of arbitrary cells that can be sorted by a column, searched, and paged through.

import { clear, h } from "./dom.js";
import { asNumber } from "./flatten.js";
import { compareNames, count, number } from "./format.js";
import { picture } from "./picture.js";

const PAGE_ROWS = 20;

/** `rows` is a list of lists of cells; a cell is a plain value, any JSON, or a media object such as a logged image. */
export function dataTable({ columns, rows, label, fileHref }) {
  const search = h("input", { type: "search", placeholder: "Search rows", "aria-label": `Search rows of ${label}`, oninput: find });
  const body = h("tbody", {});
  const where = h("span", { class: "muted", role: "status" });
  const before = h("button", { type: "button", onclick: () => turn(-1) }, "Previous");
  const after = h("button", { type: "button", onclick: () => turn(1) }, "Next");
  const heads = columns.map((name, index) =>
    h("th", { scope: "col" }, h("button", { type: "button", class: "sort", onclick: () => sort(index) }, name)));
  let sorted = rows;
  let shown = rows;
  let page = 0;
  let order = { column: -1, sign: 1 };

  function sort(column) {
    order = { column, sign: order.column === column ? -order.sign : 1 };
    sorted = [...rows].sort((a, b) => order.sign * compareCells(a[column], b[column]));
    heads.forEach((head, index) => {
      if (index === column) head.setAttribute("aria-sort", order.sign > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    find();
  }

  function find() {
    const wanted = search.value.trim().toLowerCase();
    shown = wanted ? sorted.filter((row) => row.some((cell) => cellText(cell).toLowerCase().includes(wanted))) : sorted;
    page = 0;
    draw();
  }

  function turn(by) {
    page += by;
    draw();
  }

  function draw() {
    const first = page * PAGE_ROWS;
    const end = Math.min(shown.length, first + PAGE_ROWS);
    clear(body).append(...shown.slice(first, end).map((row) => h("tr", {}, columns.map((_, index) => cellNode(row[index], fileHref)))));
    where.textContent = shown.length === 0 ? "No row matches." : `${first + 1}–${end} of ${count(shown.length, "row")}`;
    before.disabled = page === 0;
    after.disabled = end === shown.length;
  }

  draw();
  return h("div", { class: "data-table" },
    h("div", { class: "toolbar" }, search, where, before, after),
    h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": label },
      h("table", {}, h("thead", {}, h("tr", {}, heads)), body)));
}

function cellNode(cell, fileHref) {
  const size = asNumber(cell);
  if (size !== null) return h("td", { class: "number", title: String(size) }, number(size));
  if (cell?._type === "image-file") return h("td", {}, picture(fileHref(cell.path), { alt: cell.caption ?? cell.path, loading: "lazy" }));
  if (cell?._type === "audio-file") return h("td", {}, h("audio", { src: fileHref(cell.path), controls: true, preload: "none" }));
  if (cell?._type === "video-file") return h("td", {}, h("video", { src: fileHref(cell.path), controls: true, preload: "none" }));
  if (cell?.path && cell._type) return h("td", {}, h("a", { href: fileHref(cell.path), download: "" }, cell.path.split("/").at(-1)));
  const text = cellText(cell);
  return h("td", {}, h("div", { class: "cell-text", title: text.length > 80 ? text : null }, text));
}

function cellText(cell) {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "object") return cell.caption ?? cell.path ?? JSON.stringify(cell);
  return String(cell);
}

/** Numbers before texts, NaN and empty cells last. */
function compareCells(a, b) {
  const [x, y] = [asNumber(a), asNumber(b)];
  if (x !== null && y !== null && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return rank(a) - rank(b) || compareNames(cellText(a), cellText(b));
}

function rank(cell) {
  const size = asNumber(cell);
  if (cell === null || cell === undefined || Number.isNaN(size)) return 2;
  return size === null ? 1 : 0;
}
