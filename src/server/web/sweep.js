// The page of a sweep: its state, its search space, the best run, and all its runs over the parameters.

import { fieldName } from "./columns.js";
import { get, pagePath, path } from "./api.js";
import { clear, emptyState, h, link } from "./dom.js";
import { count, duration, stateBadge, timeElement, value as valueText } from "./format.js";
import { keepFresh } from "./keep-fresh.js";
import { parallelCoordinates } from "./parallel.js";
import { plottableKeys, pointOfRow, shortName } from "./points.js";
import { navigate } from "./router.js";
import { agentCommand, commandBlock } from "./shell-commands.js";

const MOST_RUNS = 1000;
const REFRESH_AFTER_MS = 5000;

export async function render(main, { entity, project, sweep: id }) {
  const root = h("div", { class: "page run-page" });
  main.append(root);
  const hrefOf = (run) => pagePath(entity, project, "runs", run);
  let { sweep, rows } = await fetchSweep(entity, project, id);
  const facts = h("div", {});
  const plotBox = h("div", {});
  const list = h("div", {});
  let plot = null;
  let plottedKeys = "";

  function draw() {
    clear(facts).append(factList(sweep, rows, hrefOf));
    clear(list).append(rows.length > 0 ? runTable(sweep, rows, hrefOf) : emptyState("No run yet. Start an agent:", commandBlock(agentCommand(entity, project, id))));
    drawPlot();
  }

  function drawPlot() {
    const points = rows.map(pointOfRow);
    const keys = plottableKeys(points);
    // A new plot would forget the axes and ranges that the reader has chosen.
    if (plot && plottedKeys === keys.join()) return plot.update(points);
    plottedKeys = keys.join();
    plot?.destroy();
    plot = keys.length < 2 ? null : parallelCoordinates({ points, keys, chosen: columnsOf(sweep), hrefOf, openRun: (run) => navigate(hrefOf(run)) });
    clear(plotBox).append(plot?.element ?? emptyState("The plot appears when runs with different values have finished."));
    return undefined;
  }

  root.append(
    h("h1", {}, sweep.name || sweep.id),
    facts,
    h("h2", {}, "Parameters and result"), plotBox,
    h("h2", {}, "Runs"), list,
    h("h2", {}, "Config"), h("pre", { tabindex: "0" }, sweep.config));
  draw();

  const stopLive = keepFresh({
    concerns: (change) => change.entity === entity && change.project === project,
    pauseMs: REFRESH_AFTER_MS,
    async refresh() {
      // A plot that the reader is working with must not change under the pointer.
      if (plotBox.matches(":hover, :focus-within")) return;
      ({ sweep, rows } = await fetchSweep(entity, project, id));
      draw();
    },
  });
  return () => {
    stopLive();
    plot?.destroy();
  };
}

async function fetchSweep(entity, project, id) {
  const sweep = await get(path("p", entity, project, "sweeps", id));
  const { runs } = await get(path("p", entity, project, "runs"), {
    filter: `sweep == ${JSON.stringify(id)}`,
    columns: columnsOf(sweep).map(fieldName).join(","),
    sort: bestFirst(sweep.metric),
    limit: MOST_RUNS,
  });
  return { sweep, rows: runs };
}

function bestFirst(metric) {
  return metric && `${metric.goal === "maximize" ? "-" : ""}summary.${metric.name}`;
}

/** The parameters and, last so that it gives the colour, the metric. */
function columnsOf({ parameters, metric }) {
  return [...parameters.map((name) => `config.${name}`), ...(metric ? [`summary.${metric.name}`] : [])];
}

function factList({ best, id, method, metric, runs, state }, rows, hrefOf) {
  const entries = [
    ["State", stateBadge(state)],
    ["ID", h("code", {}, id)],
    ["Method", method],
    ["Metric", metric ? `${metric.goal} ${metric.name}` : "–"],
    ["Runs", count(runs.length, "run")],
    ["Best run", best ? bestRun(best, metric, rows, hrefOf) : "–"],
  ];
  return h("dl", { class: "facts" }, entries.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function bestRun(best, metric, rows, hrefOf) {
  const row = rows.find(({ id }) => id === best);
  const reached = metric && row?.values[`summary.${metric.name}`];
  return h("span", {}, link(hrefOf(best), row?.name ?? best), reached === undefined ? "" : ` ${metric.name} = ${valueText(reached)}`);
}

function runTable(sweep, rows, hrefOf) {
  const columns = columnsOf(sweep);
  const titles = ["Run", "State", "Started", "Runtime", ...columns.map(shortName)];
  return h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Runs of the sweep" }, h("table", {},
    h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, rows.map(({ created, id, name, runtime, state, values }) => h("tr", {},
      h("td", {}, link(hrefOf(id), name), id === sweep.best ? h("span", { class: "chip" }, "best") : ""),
      h("td", {}, stateBadge(state)),
      h("td", {}, timeElement(created)),
      h("td", {}, duration(runtime)),
      columns.map((key) => h("td", {}, valueText(values[key]))))))));
}
