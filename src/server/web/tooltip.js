// The table next to the crosshair, and the same in words for screen readers.

import { clear, h } from "./dom.js";
import { absoluteTime, duration, exact, number } from "./format.js";

const MOST_ROWS = 16;
const DISTANCE = 16;

export class Tooltip {
  constructor() {
    this.box = h("div", { class: "tooltip", hidden: true, "aria-hidden": "true" });
    this.live = h("div", { class: "visually-hidden", "aria-live": "polite" });
  }

  /** `points` as `pointsAt` gives them; `highlight` is the id of the line to bring out. */
  show({ title, points, highlight, clientX, clientY }) {
    const rows = visibleRows(points, highlight).map(({ line, index, value }) => tooltipRow(line, index, value, line.id === highlight));
    const left = points.length - rows.length;
    clear(this.box).append(
      h("div", { class: "tooltip-title" }, title),
      h("table", {}, h("tbody", {}, rows)),
      left > 0 ? h("div", { class: "muted" }, `and ${left} more`) : "");
    this.box.hidden = false;
    this.#place(clientX, clientY);
  }

  hide() {
    this.box.hidden = true;
  }

  /** Says the points aloud; only for the keyboard, as a moving pointer would flood the listener. */
  announce(title, points) {
    const words = points.slice(0, 5).map(({ line, value }) => `${line.label} ${number(value)}`);
    if (points.length > words.length) words.push(`and ${points.length - words.length} more`);
    this.live.textContent = `${title}: ${words.join(", ")}`;
  }

  /** Beside the pointer and inside the window. */
  #place(clientX, clientY) {
    const { width, height } = this.box.getBoundingClientRect();
    const fitsRight = clientX + DISTANCE + width < innerWidth - 8;
    const left = fitsRight ? clientX + DISTANCE : Math.max(8, clientX - DISTANCE - width);
    const top = Math.max(8, Math.min(clientY + DISTANCE, innerHeight - height - 8));
    this.box.style.left = `${left}px`;
    this.box.style.top = `${top}px`;
  }
}

/** The highest values, and always the line that is brought out. */
function visibleRows(points, highlight) {
  const rows = points.slice(0, MOST_ROWS);
  const wanted = points.find(({ line }) => line.id === highlight);
  if (wanted && !rows.includes(wanted)) rows[rows.length - 1] = wanted;
  return rows;
}

function tooltipRow(line, index, value, isHighlighted) {
  const low = line.min?.[index] ?? null;
  const high = line.max?.[index] ?? null;
  const hasSpan = low !== null && high !== null && low !== high;
  return h("tr", { class: isHighlighted ? "highlight" : "" },
    h("td", {}, h("span", { class: "swatch", style: { background: line.color } })),
    h("td", { class: "tooltip-name" }, line.label),
    h("td", { class: "number" }, value === null ? "NaN" : exact(value)),
    h("td", { class: "number muted" }, hasSpan && `${number(low)} … ${number(high)}`),
    h("td", { class: "number muted" }, line.y !== line.raw && `≈ ${number(line.y[index])}`));
}

/** A position on an x axis in words. */
export function positionLabel(x, kind, axisLabel) {
  if (kind === "time") return absoluteTime(x);
  const text = kind === "duration" ? duration(x) : number(x);
  return axisLabel ? `${axisLabel} ${text}` : text;
}
