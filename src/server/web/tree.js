// A JSON value as a tree that can be folded, searched and copied.

import { clear, emptyState, h } from "./dom.js";
import { flatten } from "./flatten.js";
import { number } from "./format.js";

const MOST_MATCHES = 500;
// Small trees are shown whole; large ones start folded so that the page stays short.
const OPEN_UP_TO = 12;

/** `title` names the tree ("Config"); `emptyText` is shown when there is nothing in it. */
export function renderTree(value, { title, emptyText = "Nothing here." }) {
  if (isEmpty(value)) return emptyState(emptyText);
  const body = h("div", { class: "tree" }, branch(value));
  const search = h("input", { type: "search", placeholder: `Search ${title.toLowerCase()}`, "aria-label": `Search ${title.toLowerCase()}`, oninput: draw });
  const setAll = (open) => {
    search.value = "";
    clear(body).append(branch(value, open));
  };

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    clear(body).append(wanted ? matches(value, wanted) : branch(value));
  }

  return h("div", { class: "tree-box" },
    h("div", { class: "toolbar" },
      search,
      h("button", { type: "button", class: "quiet", onclick: () => setAll(true) }, "Unfold all"),
      h("button", { type: "button", class: "quiet", onclick: () => setAll(false) }, "Fold all"),
      copyButton("Copy as JSON", () => JSON.stringify(value, null, 2))),
    body);
}

/** A button that copies `text()` and says so. */
export function copyButton(label, text) {
  const button = h("button", { type: "button", class: "quiet", onclick: copy }, label);
  async function copy() {
    // Browsers offer the clipboard only to pages on HTTPS or on this machine.
    const copied = await navigator.clipboard?.writeText(text()).then(() => true, () => false);
    button.textContent = copied ? "Copied" : "The browser does not allow copying";
    setTimeout(() => (button.textContent = label), 2000);
  }
  return button;
}

/** `open` is true or false to force a state on every branch below, undefined to decide by size. */
function branch(value, open) {
  return h("ul", {}, Object.entries(value).map(([key, child]) => h("li", {}, entry(key, child, open))));
}

function entry(key, value, open) {
  if (isEmpty(value)) return [name(key), leaf(value)];
  const details = h("details", {}, h("summary", {}, name(key), h("span", { class: "muted" }, sizeOf(value))));
  // Children are made when first seen: a config may hold tens of thousands of entries.
  details.addEventListener("toggle", () => details.children.length === 1 && details.append(branch(value, open)));
  details.open = open ?? Object.keys(value).length <= OPEN_UP_TO;
  return details;
}

function matches(value, wanted) {
  const found = flatten(value).filter(([path, child]) => `${path} ${JSON.stringify(child)}`.toLowerCase().includes(wanted));
  if (found.length === 0) return h("p", { class: "muted" }, "No entry matches.");
  return h("div", {},
    h("ul", {}, found.slice(0, MOST_MATCHES).map(([path, child]) => h("li", {}, name(path), leaf(child)))),
    found.length > MOST_MATCHES && h("p", { class: "muted" }, `The first ${MOST_MATCHES} of ${found.length} matches.`));
}

function name(key) {
  return h("span", { class: "tree-key" }, key);
}

function leaf(value) {
  const type = value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
  const text = type === "number" ? number(value) : type === "string" ? value : JSON.stringify(value);
  return h("span", { class: `tree-value tree-${type}`, title: type === "number" ? String(value) : null }, text);
}

function sizeOf(value) {
  const size = Object.keys(value).length;
  return Array.isArray(value) ? `[${size}]` : `{${size}}`;
}

/** Whether there is nothing to unfold: a plain value, or an object or list without entries. */
function isEmpty(value) {
  return typeof value !== "object" || value === null || Object.keys(value).length === 0;
}
