// A line chart on canvas: the public face of the chart engine. Layout, drawing and input live in modules of their own.

import { attachInput } from "./chart-input.js";
import { downloadCsv, downloadPng } from "./chart-export.js";
import { openDialog } from "./dialog.js";
import { clear, h } from "./dom.js";
import { count, number } from "./format.js";
import { makeFrame } from "./frame.js";
import { hover, onHover, setHover } from "./hover.js";
import { lowerBound, pointsAt, positions, prepareLine } from "./lines.js";
import { menuButton } from "./menu.js";
import { FONT, paintBase, paintOverlay, themeOf } from "./painter.js";
import { positionLabel, Tooltip } from "./tooltip.js";

// How far beyond its ends a line still answers to the cursor, as a share of what is shown.
const NEAR = 0.02;

const darkPreference = matchMedia("(prefers-color-scheme: dark)");

/**
 * Options, all but `title` optional: `xLabel`, `axis` (charts with the same axis share the crosshair), `xKind`
 * ("number", "duration" or "time"), `logX`, `logY`, `smoothing` (0..0.99), `range` (`[from, to]` or null) and `onrange`,
 * called with the new range when the reader zooms.
 */
export class LineChart {
  #options = { title: "", xLabel: "", axis: "", xKind: "number", logX: false, logY: false, smoothing: 0, range: null, onrange: null };
  #series = [];
  #lines = [];
  #frame = null;
  #theme = null;
  #selection = null;
  #nearest = null;
  #failure = null;
  #wholeX = null;
  #pending = { base: false, overlay: false, request: 0 };
  #tooltip = new Tooltip();
  #base = h("canvas", {});
  #overlay = h("canvas", {});
  #legend = h("ul", { class: "chart-legend" });
  #message = h("p", { class: "chart-message" });
  #surface = h("div", { class: "chart-surface", tabIndex: 0, role: "application", "aria-roledescription": "line chart" }, this.#base, this.#overlay, this.#message);
  #resizes = new ResizeObserver(() => this.#requestPaint());
  #repaint = () => this.#requestPaint();
  #stopHover = onHover(() => this.#hoverChanged());

  constructor(container, options) {
    Object.assign(this.#options, options);
    const menu = menuButton(`Menu of the chart ${this.#options.title}`, "dots", [
      { text: "Full size", run: () => this.#openFullSize() },
      { text: "Show everything", run: () => this.setRange(null) },
      { text: "Download PNG", run: () => downloadPng(this.#base, this.#options.title, this.#lines, this.#theme) },
      { text: "Download CSV", run: () => downloadCsv(this.#options.title, this.#lines) },
    ]);
    const head = h("div", { class: "chart-head" }, h("h3", { title: this.#options.title }, this.#options.title), menu);
    this.figure = h("div", { class: "chart" }, head, this.#surface, this.#legend, this.#tooltip.box, this.#tooltip.live);
    container.append(this.figure);

    this.#resizes.observe(this.#surface);
    addEventListener("themechange", this.#repaint);
    darkPreference.addEventListener("change", this.#repaint);
    attachInput(this.#surface, {
      point: (x, y, event) => this.#point(x, y, event),
      leave: () => this.#leave(),
      select: (from, to) => this.#select([from, to]),
      zoom: (from, to) => this.#zoomToPixels(from, to),
      reset: () => this.setRange(null),
      canReset: () => this.#options.range !== null,
      step: (amount) => this.#stepCursor(amount),
      edge: (side) => this.#stepCursor(side * Infinity),
      scale: (factor) => this.#scaleRange(factor),
    });
  }

  /** Takes `[{id, label, color, x, last, min?, max?}]`; null in `last` is a gap. */
  setSeries(series) {
    this.#series = series;
    this.#failure = null;
    this.#prepare();
  }

  setOptions(options) {
    Object.assign(this.#options, options);
    this.#prepare();
  }

  /** Zooms to `[from, to]` on the x axis; null shows everything. */
  setRange(range) {
    this.#options.range = range;
    this.#requestPaint();
    this.#options.onrange?.(range);
  }

  /** Shows a sentence in place of the lines, until series are set again. */
  showMessage(text) {
    this.#lines = [];
    this.#failure = text;
    this.#requestPaint();
  }

  destroy() {
    cancelAnimationFrame(this.#pending.request);
    this.#resizes.disconnect();
    this.#stopHover();
    removeEventListener("themechange", this.#repaint);
    darkPreference.removeEventListener("change", this.#repaint);
    this.figure.remove();
  }

  #prepare() {
    this.#lines = this.#series.map((series) => prepareLine(series, this.#options.smoothing));
    this.#surface.setAttribute("aria-label", this.#summary());
    this.#drawLegend();
    this.#requestPaint();
  }

  /** The style sheet shows the legend at full size only: next to a table of runs it would say the same again. */
  #drawLegend() {
    clear(this.#legend).append(...this.#lines.map(({ id, label, color }) =>
      h("li", { onpointerenter: () => setHover({ run: id }), onpointerleave: () => setHover({}) }, h("span", { class: "swatch", style: { background: color } }), label)));
  }

  #summary() {
    const lasts = this.#lines.slice(0, 5).map(({ label, raw }) => `${label} ${number(raw.findLast((value) => value !== null))}`);
    const values = lasts.length > 0 ? ` Last values: ${lasts.join(", ")}.` : "";
    return `${this.#options.title}, ${count(this.#lines.length, "line")}.${values} Arrow keys read the points.`;
  }

  // Painting. Everything that changes asks for a paint; one animation frame then does what is needed.

  #requestPaint() {
    this.#pending.base = true;
    this.#requestOverlay();
  }

  #requestOverlay() {
    this.#pending.request ||= requestAnimationFrame(() => {
      this.#pending.request = 0;
      if (this.#pending.base) this.#paintBase();
      this.#pending.base = false;
      this.#paintOverlay();
    });
  }

  #paintBase() {
    const { clientWidth: width, clientHeight: height } = this.#surface;
    const ctx = prepareCanvas(this.#base, width, height);
    ctx.font = FONT;
    this.#theme = themeOf(this.#surface);
    this.#frame = makeFrame(this.#lines, this.#options, width, height, (text) => ctx.measureText(text).width);
    if (this.#frame && !this.#options.range) this.#wholeX = [this.#frame.x.min, this.#frame.x.max];
    this.#message.hidden = this.#frame !== null;
    if (this.#frame) paintBase(ctx, this.#frame, this.#lines, this.#options, this.#theme);
    else this.#message.textContent = this.#emptyReason();
  }

  #emptyReason() {
    if (this.#failure) return this.#failure;
    if (this.#lines.length === 0) return "No data";
    if (this.#options.range) return "No points here. Double-click or press 0 to show everything.";
    return this.#options.logX || this.#options.logY ? "No positive values for a log axis" : "Only NaN";
  }

  #paintOverlay() {
    const ctx = prepareCanvas(this.#overlay, this.#surface.clientWidth, this.#surface.clientHeight);
    // A run that is pointed at in a table stands out against the others.
    this.#base.style.opacity = hover.run !== null && hover.x === null && this.#lines.some(({ id }) => id === hover.run) ? "0.3" : "1";
    if (!this.#frame) return;
    const cursorX = this.#cursor();
    const points = cursorX === null ? [] : this.#pointsAt(cursorX);
    paintOverlay(ctx, this.#frame, this.#lines, { cursorX, points, highlight: hover.run, selection: this.#selection }, this.#theme);
  }

  #hoverChanged() {
    if (hover.source !== this) this.#tooltip.hide();
    this.#requestOverlay();
  }

  /** The shared position, when it is one of this chart's axis. */
  #cursor() {
    return hover.axis === this.#options.axis ? hover.x : null;
  }

  // The cursor

  #point(pixelX, pixelY, { clientX, clientY }) {
    if (!this.#frame) return;
    const { plot, x } = this.#frame;
    const at = x.toValue(Math.max(plot.left, Math.min(plot.right, pixelX)));
    const points = this.#pointsAt(at);
    this.#nearest = this.#lineNearTo(points, pixelY);
    this.#showCursor(at, points, clientX, clientY);
  }

  #pointsAt(x) {
    const { min, max } = this.#frame.x;
    return pointsAt(this.#lines, x, (max - min) * NEAR);
  }

  #lineNearTo(points, pixelY) {
    let nearest = null;
    let smallest = 30;
    for (const { line, index } of points) {
      const distance = Math.abs(this.#frame.y.toPixel(line.y[index]) - pixelY);
      if (line.y[index] !== null && distance < smallest) [nearest, smallest] = [line.id, distance];
    }
    return nearest;
  }

  #showCursor(x, points, clientX, clientY) {
    setHover({ source: this, axis: this.#options.axis, x, run: this.#nearest });
    if (points.length === 0) return this.#tooltip.hide();
    this.#tooltip.show({ title: this.#positionLabel(x, points), points, highlight: this.#nearest, clientX, clientY });
  }

  /** Names the logged position nearest to `x`, not the spot between two points where the pointer happens to be. */
  #positionLabel(x, points) {
    const logged = points.map(({ line, index }) => line.x[index]);
    const nearest = logged.reduce((best, value) => (Math.abs(value - x) < Math.abs(best - x) ? value : best));
    return positionLabel(nearest, this.#options.xKind, this.#options.xLabel);
  }

  #leave() {
    this.#nearest = null;
    this.#selection = null;
    if (hover.source === this) setHover({});
  }

  #stepCursor(amount) {
    if (!this.#frame) return;
    const stops = positions(this.#lines, this.#options.range);
    if (stops.length === 0) return;
    const now = this.#cursor();
    const from = now === null ? (amount > 0 ? -1 : stops.length) : lowerBound(stops, now);
    const x = stops[Math.max(0, Math.min(stops.length - 1, from + amount))];
    const points = this.#pointsAt(x);
    const box = this.#surface.getBoundingClientRect();
    this.#nearest = null;
    this.#showCursor(x, points, box.left + this.#frame.x.toPixel(x), box.top + this.#frame.plot.top);
    this.#tooltip.announce(this.#positionLabel(x, points), points);
  }

  // Zoom

  #select(selection) {
    this.#selection = selection;
    this.#tooltip.hide();
    this.#requestOverlay();
  }

  #zoomToPixels(from, to) {
    this.#selection = null;
    if (!this.#frame) return;
    const { plot, x } = this.#frame;
    const inPlot = [from, to].sort((a, b) => a - b).map((pixel) => Math.max(plot.left, Math.min(plot.right, pixel)));
    if (inPlot[1] - inPlot[0] < 3) return this.#requestOverlay();
    this.setRange(inPlot.map(x.toValue));
  }

  /** Shows `factor` times as much of the x axis, about the cursor or else about the middle. */
  #scaleRange(factor) {
    if (!this.#frame) return;
    const { plot, x } = this.#frame;
    const cursor = this.#cursor();
    const center = cursor === null ? (plot.left + plot.right) / 2 : x.toPixel(cursor);
    const range = [plot.left, plot.right].map((pixel) => x.toValue(center + (pixel - center) * factor));
    const isWhole = this.#wholeX && range[0] <= this.#wholeX[0] && range[1] >= this.#wholeX[1];
    this.setRange(isWhole ? null : range);
  }

  #openFullSize() {
    const place = h("div", { class: "chart" });
    this.figure.replaceWith(place);
    openDialog({ title: this.#options.title, body: this.figure, wide: true, onclose: () => place.replaceWith(this.figure) });
    this.#surface.focus();
  }
}

/** Sizes a canvas for the pixels of the screen and clears it. */
function prepareCanvas(canvas, width, height) {
  const ratio = devicePixelRatio;
  const pixels = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) [canvas.width, canvas.height] = pixels;
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return ctx;
}
