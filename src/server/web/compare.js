// Compares runs: what differs in config and summary, plots of runs over their values, and their curves on top of each other.

import { get, pagePath, path } from "./api.js";
import { renderCharts } from "./charts.js";
import { compareTable } from "./compare-table.js";
import { emptyState, h, link } from "./dom.js";
import { parallelCoordinates } from "./parallel.js";
import { plottableKeys, pointOfRun } from "./points.js";
import { navigate } from "./router.js";
import { scatterPlot } from "./scatter.js";

// Each run is a request of its own.
const MOST_RUNS = 100;
const RUNS_WITHOUT_CHOICE = 10;
const FIRST_AXES = 5;

export async function render(main, { entity, project }) {
  const root = h("div", { class: "page run-page" });
  main.append(root);
  const asked = await chosenIds(entity, project);
  const runs = (await Promise.all(asked.slice(0, MOST_RUNS).map((id) => fetchRun(entity, project, id)))).filter(Boolean);

  root.append(
    h("h1", {}, `Compare ${runs.length} runs`),
    asked.length > MOST_RUNS ? h("p", { class: "muted" }, `The first ${MOST_RUNS} of ${asked.length} chosen runs.`) : "",
    runs.length < Math.min(asked.length, MOST_RUNS) ? h("p", { class: "muted" }, "Runs that do not exist any more are left out.") : "");
  if (runs.length === 0) {
    root.append(emptyState("No run to compare.", link(pagePath(entity, project, "table"), "Choose runs in the table")));
    return undefined;
  }

  const hrefOf = (id) => pagePath(entity, project, "runs", id);
  root.append(section("Differences", compareTable(runs, hrefOf)));
  const plots = plotSections(root, runs, hrefOf);
  const charts = chartSection(root, entity, project, runs);
  return () => {
    for (const plot of plots) plot.destroy();
    charts?.destroy();
  };
}

/** The runs named in the address or, without any, the newest ones. */
async function chosenIds(entity, project) {
  const named = new URLSearchParams(location.search).get("runs");
  if (named) return [...new Set(named.split(",").filter(Boolean))];
  const { runs } = await get(path("p", entity, project, "runs"), { sort: "-created", limit: RUNS_WITHOUT_CHOICE });
  return runs.map(({ id }) => id);
}

/** Null for a run that has been deleted since the link was made. */
async function fetchRun(entity, project, id) {
  try {
    return await get(path("p", entity, project, "runs", id));
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

function plotSections(root, runs, hrefOf) {
  const points = runs.map(pointOfRun);
  const keys = plottableKeys(points);
  if (keys.length < 2) return [];
  const open = { points, keys, hrefOf, openRun: (id) => navigate(hrefOf(id)) };
  const inputs = keys.filter((key) => key.startsWith("config."));
  const results = keys.filter((key) => key.startsWith("summary.") && !key.startsWith("summary._"));
  const result = results.find((key) => /acc|loss|score|f1/i.test(key)) ?? results[0] ?? keys.at(-1);
  const axes = [...inputs.filter((key) => key !== result).slice(0, FIRST_AXES), result];

  const parallel = parallelCoordinates({ ...open, chosen: axes });
  const scatter = scatterPlot({ ...open, chosen: { x: inputs[0] ?? keys[0], y: result } });
  root.append(section("Parallel coordinates", parallel.element), section("Scatter plot", scatter.element));
  return [parallel, scatter];
}

function chartSection(root, entity, project, runs) {
  const metrics = [...new Set(runs.flatMap(({ keys }) => keys.filter(({ type }) => type === "number").map(({ key }) => key)))];
  const system = [...new Set(runs.flatMap(({ system_keys: keys }) => keys))];
  if (metrics.length + system.length === 0) return null;
  const container = h("div", {});
  root.append(section("Charts", container));
  return renderCharts(container, {
    entity,
    project,
    metrics,
    system,
    runs: runs.map(pointOfRun),
    xOf: (metric) => runs.find(({ x }) => x[metric])?.x[metric] ?? null,
  });
}

function section(title, content) {
  return h("section", { class: "compare-section" }, h("h2", {}, title), content);
}
