// Small line icons, built as SVG nodes. They are decoration: the button around them carries the label.

import { svg } from "./svg.js";

const PATHS = {
  eye: "M1.5 8s2.4-4.5 6.5-4.5S14.5 8 14.5 8 12.1 12.5 8 12.5 1.5 8 1.5 8z M8 6a2 2 0 1 0 0 4 2 2 0 1 0 0-4z",
  hidden: "M3 5.5C2 6.7 1.5 8 1.5 8s2.4 4.5 6.5 4.5c1 0 1.9-.3 2.7-.7 M6 3.8c.6-.2 1.3-.3 2-.3 4.1 0 6.5 4.5 6.5 4.5s-.6 1.2-1.8 2.4 M2 2l12 12",
  dots: "M8 3v.01 M8 8v.01 M8 13v.01",
  close: "M3.5 3.5l9 9 M12.5 3.5l-9 9",
  theme: "M8 2a6 6 0 1 0 0 12z M8 2a6 6 0 0 1 0 12",
  columns: "M2.5 3h11v10h-11z M6.2 3v10 M9.8 3v10",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 1 0 0-9z M10.3 10.3l3.7 3.7",
};

export function icon(name) {
  return svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}
