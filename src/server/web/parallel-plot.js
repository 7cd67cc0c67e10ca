// Draws parallel coordinates: an axis for each key, a line for each run, ranges dragged along the axes.

import { clear, h } from "./dom.js";
import { gradientColor } from "./gradient.js";
import { plotTip, shorten } from "./plot-tip.js";
import { svg } from "./svg.js";

const HEIGHT = 340;
const TOP = 34;
const BOTTOM = 292;
// Runs without a value pass below the axis.
const MISSING = 322;
const SIDE = 60;
const LEAST_GAP = 110;
const HIT_PIXELS = 8;
// A drag that begins a little beyond the end of an axis includes the end.
const OVERHANG = 10;
// A shorter drag is a click, which clears the range.
const LEAST_DRAG = 0.02;

/**
 * `ranges` maps keys to [from, to] between 0 and 1; dragging changes it in place and calls `changed()`.
 * Returns `{element, show(points, axes), setInside(ids), highlight(id), destroy()}`.
 */
export function parallelPlot({ ranges, changed, openRun }) {
  const scroller = h("div", { class: "plot-scroll" });
  const element = h("div", { class: "plot" }, scroller);
  const tip = plotTip(element);
  let points = [];
  let axes = [];
  let inside = null;
  let lines = new Map();
  let brushes = new Map();
  let lit = null;
  let width = 0;

  const resizes = new ResizeObserver(() => draw());
  resizes.observe(element);

  function draw() {
    width = Math.max(element.clientWidth, 2 * SIDE + (axes.length - 1) * LEAST_GAP);
    const xs = axes.map((_, index) => xOf(index));
    const colorAxis = axes.at(-1);
    lines = new Map(points.map((point) => [point.id, svg("polyline", {
      class: "plot-line",
      points: axes.map((axis, index) => `${xs[index]},${yOf(axis, point)}`).join(" "),
      stroke: gradientColor(colorAxis ? colorAxis.axis.place(point.values.get(colorAxis.key)) : null),
    })]));
    brushes = new Map();
    clear(scroller).append(svg("svg", {
      width, height: HEIGHT, role: "img", "aria-label": `Parallel coordinates of ${points.length} runs over ${axes.map(({ label }) => label).join(", ")}`,
      onpointermove: onMove, onpointerleave: () => highlight(null), onclick: () => lit && openRun(lit),
    },
    svg("g", {}, [...lines.values()]),
    axes.map((axis, index) => drawAxis(axis, xs[index]))));
    showInside();
    showBrushes();
  }

  function xOf(index) {
    return axes.length < 2 ? width / 2 : SIDE + (index * (width - 2 * SIDE)) / (axes.length - 1);
  }

  function drawAxis({ key, label, axis }, x) {
    const brush = svg("rect", { class: "plot-brush", x: x - 8, width: 16, y: 0, height: 0 });
    brushes.set(key, brush);
    const hit = svg("rect", { class: "plot-axis-hit", x: x - 14, width: 28, y: TOP - OVERHANG, height: BOTTOM - TOP + 2 * OVERHANG });
    hit.addEventListener("pointerdown", (event) => drag(event, hit, key));
    hit.addEventListener("click", (event) => event.stopPropagation());
    return svg("g", { class: "plot-axis" },
      svg("line", { x1: x, x2: x, y1: TOP, y2: BOTTOM }),
      svg("text", { x, y: 16, "text-anchor": "middle", class: "plot-title" }, svg("title", {}, label), shorten(label)),
      axis.ticks.map(({ at, label: text }) => svg("text", { x: x + 6, y: TOP + (1 - at) * (BOTTOM - TOP) + 4 }, shorten(text))),
      points.some(({ values }) => axis.place(values.get(key)) === null) ? svg("text", { x: x + 6, y: MISSING + 4 }, "none") : null,
      brush,
      hit);
  }

  function drag(event, hit, key) {
    event.preventDefault();
    hit.setPointerCapture(event.pointerId);
    const top = scroller.querySelector("svg").getBoundingClientRect().top;
    const at = ({ clientY }) => Math.max(0, Math.min(1, 1 - (clientY - top - TOP) / (BOTTOM - TOP)));
    const start = at(event);
    const move = (moved) => {
      const end = at(moved);
      if (Math.abs(end - start) < LEAST_DRAG) ranges.delete(key);
      else ranges.set(key, [Math.min(start, end), Math.max(start, end)]);
      showBrushes();
      changed();
    };
    const stop = () => hit.removeEventListener("pointermove", move);
    move(event);
    hit.addEventListener("pointermove", move);
    hit.addEventListener("pointerup", stop, { once: true });
    hit.addEventListener("pointercancel", stop, { once: true });
  }

  function showBrushes() {
    for (const [key, brush] of brushes) {
      const [from, to] = ranges.get(key) ?? [0, 0];
      brush.setAttribute("y", TOP + (1 - to) * (BOTTOM - TOP));
      brush.setAttribute("height", (to - from) * (BOTTOM - TOP));
    }
  }

  function showInside() {
    for (const [id, line] of lines) line.classList.toggle("plot-off", inside !== null && !inside.has(id));
  }

  function onMove(event) {
    const box = event.currentTarget.getBoundingClientRect();
    const near = nearest(event.clientX - box.left, event.clientY - box.top);
    highlight(near?.id ?? null);
    if (near) showTip(near, event);
  }

  /** The run whose line is closest to a place, if one is close. */
  function nearest(x, y) {
    if (axes.length < 2) return null;
    const gap = (width - 2 * SIDE) / (axes.length - 1);
    const index = Math.max(0, Math.min(axes.length - 2, Math.floor((x - SIDE) / gap)));
    const part = (x - xOf(index)) / gap;
    let best = null;
    let bestDistance = HIT_PIXELS;
    for (const point of points) {
      if (inside && !inside.has(point.id)) continue;
      const [left, right] = [yOf(axes[index], point), yOf(axes[index + 1], point)];
      const distance = Math.abs(left + (right - left) * part - y);
      if (distance < bestDistance) [best, bestDistance] = [point, distance];
    }
    return best;
  }

  function highlight(id) {
    if (lit === id) return;
    lines.get(lit)?.classList.remove("plot-lit");
    lit = id;
    const line = lines.get(id);
    // The last one drawn lies on top.
    line?.parentNode.append(line);
    line?.classList.add("plot-lit");
    scroller.classList.toggle("plot-clickable", Boolean(line));
    tip.hide();
  }

  function showTip({ name, values }, event) {
    tip.show([["run", name], ...axes.map(({ key, label, axis }) => [label, values.has(key) ? axis.text(values.get(key)) : "–"])], event);
  }

  return {
    element,
    show(newPoints, newAxes) {
      points = newPoints;
      axes = newAxes;
      draw();
    },
    setInside(ids) {
      inside = ids;
      showInside();
      showBrushes();
    },
    highlight,
    destroy: () => resizes.disconnect(),
  };
}

function yOf({ key, axis }, { values }) {
  const t = axis.place(values.get(key));
  return t === null ? MISSING : TOP + (1 - t) * (BOTTOM - TOP);
}
