// One chart of a metric over the visible runs: decides what to load and when, and hands the points to the chart engine.

import { LineChart } from "./chart.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { meanSeries } from "./grouping.js";
import { groupColor } from "./palette.js";

// What a chart can show, and what many runs share, as a hundred full curves would take long to send.
const MOST_POINTS = 800;
const LEAST_POINTS = 100;
const SHARED_POINTS = 16_000;

/** The points that have been loaded for one part of the x axis; `range` null is all of it. */
class Layer {
  loaded = new Map();
  stale = new Set();
  requests = 0;

  constructor(range) {
    this.range = range;
  }

  missing(runs) {
    return runs.map(({ id }) => id).filter((id) => !this.loaded.has(id) || this.stale.has(id));
  }
}

export class ChartPanel {
  isVisible = false;
  #metric;
  #stream;
  #loader;
  #chart = null;
  #axis = null;
  #style = {};
  #runs = [];
  #overview = new Layer(null);
  #layer = this.#overview;

  constructor({ metric, stream, loader }) {
    this.#metric = metric;
    this.#stream = stream;
    this.#loader = loader;
    this.node = h("div", { class: "chart-panel" });
  }

  get stream() {
    return this.#stream;
  }

  /** `axis` is `{key, label, kind}`, `style` the options of drawing. A new axis drops all points. */
  setSettings(axis, style) {
    const isNewAxis = axis.key !== this.#axis?.key;
    this.#axis = axis;
    this.#style = style;
    if (isNewAxis) {
      this.#overview = new Layer(null);
      this.#layer = this.#overview;
    }
    this.#chart?.setOptions({ ...this.#chartOptions(), ...(isNewAxis && { range: null }) });
    if (isNewAxis) this.load();
  }

  setRuns(runs) {
    this.#runs = runs;
    this.load();
  }

  /** More points were logged: they are loaded the next time the panel is on the screen. */
  markStale(run) {
    this.#overview.stale.add(run);
    this.#layer.stale.add(run);
  }

  show(isVisible) {
    this.isVisible = isVisible;
    this.load();
  }

  /** Asks for the points that are missing and draws what is there; off the screen it does nothing. */
  load() {
    if (!this.isVisible) return;
    this.#chart ??= this.#makeChart();
    const missing = this.#layer.missing(this.#runs);
    if (missing.length > 0) this.#fetch(this.#layer, missing);
    this.#draw();
  }

  async #fetch(layer, runs) {
    // Marked before the request, so that the same points are not asked for twice.
    for (const id of runs) {
      layer.stale.delete(id);
      if (!layer.loaded.has(id)) layer.loaded.set(id, null);
    }
    layer.requests++;
    let failure = null;
    try {
      const [from, to] = layer.range ?? [null, null];
      const found = await this.#loader.load({ stream: this.#stream, metric: this.#metric, runs, x: this.#axis.key, from, to, points: this.#pointsPerRun() });
      for (const id of runs) layer.loaded.set(id, found.get(id) ?? null);
    } catch (error) {
      failure = error;
      for (const id of runs) layer.stale.add(id);
    }
    layer.requests--;
    if (layer !== this.#layer) return;
    if (failure) this.#chart.showMessage(failure.message);
    else this.#draw();
  }

  destroy() {
    this.#chart?.destroy();
    this.node.remove();
  }

  #pointsPerRun() {
    return Math.max(LEAST_POINTS, Math.min(MOST_POINTS, Math.round(SHARED_POINTS / this.#runs.length)));
  }

  #makeChart() {
    return new LineChart(this.node, { title: this.#metric, onrange: (range) => this.#zoom(range), ...this.#chartOptions() });
  }

  #chartOptions() {
    return { ...this.#style, axis: `${this.#stream} ${this.#axis.key}`, xLabel: this.#axis.label, xKind: this.#axis.kind };
  }

  /** Within a part of the axis the sampled points lie closer together; points that are all there are not asked for again. */
  #zoom(range) {
    const isSampled = [...this.#overview.loaded.values()].some((series) => series?.min);
    if (!range || !isSampled) {
      this.#layer = this.#overview;
    } else {
      // A little more than what is shown, so that the lines reach both edges.
      const margin = (range[1] - range[0]) * 0.02;
      this.#layer = new Layer([range[0] - margin, range[1] + margin]);
    }
    this.load();
  }

  #draw() {
    const drawn = this.#runs
      .map((run) => ({ run, series: this.#layer.loaded.get(run.id) ?? this.#overview.loaded.get(run.id) }))
      .filter(({ series }) => series);
    if (drawn.length === 0 && this.#layer.requests > 0) return this.#chart.showMessage("Loading…");
    const isGrouped = this.#runs.some(({ group }) => group !== undefined);
    this.#chart.setSeries(isGrouped ? groupedLines(drawn) : drawn.map(runLine));
  }
}

function runLine({ run, series }) {
  return { id: run.id, label: run.name, color: run.color, x: series.x, last: series.last, min: series.min, max: series.max };
}

function groupedLines(drawn) {
  return [...Map.groupBy(drawn, ({ run }) => run.group)].map(([group, members]) => ({
    id: `group ${group}`,
    label: `${group} · ${count(members.length, "run")}`,
    color: groupColor(group),
    ...meanSeries(members.map(({ series }) => series)),
  }));
}
