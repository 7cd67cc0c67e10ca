// A scatter plot of runs: x, y and colour are chosen from config and summary values.

import { clear, h } from "./dom.js";
import { gradientColor } from "./gradient.js";
import { plotTip, shorten } from "./plot-tip.js";
import { svg } from "./svg.js";
import { makeAxis } from "./value-axis.js";

const HEIGHT = 380;
const LEFT = 64;
const RIGHT = 16;
const TOP = 14;
const BOTTOM = HEIGHT - 44;
const RADIUS = 5;
// Room for the dots at the ends of the axes.
const INSET = 12;
const OWN_COLOR = "";

/** `chosen` is `{x, y, color}` of the first view. Returns `{element, destroy()}`. */
export function scatterPlot({ points, keys, chosen, hrefOf, openRun }) {
  const picture = h("div", {});
  const plot = h("div", { class: "plot" }, picture);
  const tip = plotTip(plot);
  const status = h("p", { class: "muted" });
  const choices = {
    x: choice("X", keys, chosen.x, draw),
    y: choice("Y", keys, chosen.y, draw),
    color: choice("Colour", [OWN_COLOR, ...keys], chosen.color ?? OWN_COLOR, draw),
  };
  const logs = { x: logBox("Log x", draw), y: logBox("Log y", draw) };
  const resizes = new ResizeObserver(() => draw());
  resizes.observe(plot);

  function draw() {
    const keysNow = Object.fromEntries(Object.entries(choices).map(([name, { select }]) => [name, select.value]));
    const axisOf = (name) => makeAxis(points.map(({ values }) => values.get(keysNow[name])), logs[name]?.box.checked ? "log" : "linear");
    const [xAxis, yAxis, colorAxis] = ["x", "y", "color"].map(axisOf);
    const width = plot.clientWidth;
    const xOf = (t) => LEFT + INSET + t * (width - LEFT - RIGHT - 2 * INSET);
    const yOf = (t) => BOTTOM - INSET - t * (BOTTOM - TOP - 2 * INSET);
    const placed = points
      .map((point) => ({ point, x: xAxis.place(point.values.get(keysNow.x)), y: yAxis.place(point.values.get(keysNow.y)) }))
      .filter(({ x, y }) => x !== null && y !== null);

    tip.hide();
    clear(picture).append(svg("svg", { width, height: HEIGHT, role: "group", "aria-label": `${keysNow.y} over ${keysNow.x}` },
      grid(xAxis, yAxis, xOf, yOf, width),
      placed.map(({ point, x, y }) => dot(point, xOf(x), yOf(y),
        keysNow.color === OWN_COLOR ? point.color : gradientColor(colorAxis.place(point.values.get(keysNow.color))), keysNow))));
    const left = points.length - placed.length;
    status.textContent = left > 0 ? `${left} of ${points.length} runs have no value on one of the axes.` : "";
  }

  function dot(point, x, y, color, keysNow) {
    const facts = describe(point, keysNow);
    const circle = svg("circle", { cx: x, cy: y, r: RADIUS, fill: color });
    return svg("a", {
      href: hrefOf(point.id), class: "plot-dot", "aria-label": facts.map(([name, text]) => `${name} ${text}`).join(", "),
      onpointerenter: (event) => tip.show(facts, event), onpointerleave: tip.hide, onfocus: () => tip.show(facts, centerOf(circle)), onblur: tip.hide,
      onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        openRun(point.id);
      },
    }, circle);
  }

  draw();
  const element = h("div", { class: "scatter" },
    h("div", { class: "toolbar" }, choices.x.label, logs.x.label, choices.y.label, logs.y.label, choices.color.label),
    plot, status);
  return { element, destroy: () => resizes.disconnect() };
}

function describe({ name, values }, { x, y, color }) {
  const keys = [...new Set([x, y, color])].filter((key) => key !== OWN_COLOR);
  return [["run", name], ...keys.map((key) => [key, String(values.get(key) ?? "–")])];
}

function grid(xAxis, yAxis, xOf, yOf, width) {
  return svg("g", { class: "plot-axis" },
    xAxis.ticks.map(({ at, label }) => [
      svg("line", { x1: xOf(at), x2: xOf(at), y1: TOP, y2: BOTTOM }),
      svg("text", { x: xOf(at), y: BOTTOM + 18, "text-anchor": "middle" }, shorten(label)),
    ]).flat(),
    yAxis.ticks.map(({ at, label }) => [
      svg("line", { x1: LEFT, x2: width - RIGHT, y1: yOf(at), y2: yOf(at) }),
      svg("text", { x: LEFT - 8, y: yOf(at) + 4, "text-anchor": "end" }, shorten(label)),
    ]).flat());
}

function centerOf(node) {
  const { left, top } = node.getBoundingClientRect();
  return { clientX: left + RADIUS, clientY: top + RADIUS };
}

function choice(label, keys, chosen, changed) {
  const optionText = (key) => (key === OWN_COLOR ? "each run its own" : key);
  const select = h("select", { onchange: changed }, keys.map((key) => h("option", { value: key, selected: key === chosen }, optionText(key))));
  return { select, label: h("label", { class: "plot-choice" }, `${label} `, select) };
}

function logBox(label, changed) {
  const box = h("input", { type: "checkbox", onchange: changed });
  return { box, label: h("label", { class: "plot-choice" }, box, ` ${label}`) };
}
