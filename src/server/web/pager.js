// Steps through a long list page by page.

import { h } from "./dom.js";

/** The buttons to go to other pages; null when one page holds everything. */
export function pager({ page, size, total, onpage }) {
  if (total <= size && page === 1) return null;
  const pages = Math.max(1, Math.ceil(total / size));
  const first = (page - 1) * size + 1;
  const step = (text, label, target) =>
    h("button", { type: "button", "aria-label": label, disabled: target < 1 || target > pages || target === page, onclick: () => onpage(target) }, text);
  const shown = (value) => value.toLocaleString("en-US");
  return h("nav", { class: "pager", "aria-label": "Pages of runs" },
    step("«", "First page", 1),
    step("‹", "Page before", page - 1),
    h("span", {}, `${shown(first)}–${shown(Math.min(page * size, total))} of ${shown(total)}`),
    step("›", "Next page", page + 1),
    step("»", "Last page", pages));
}
