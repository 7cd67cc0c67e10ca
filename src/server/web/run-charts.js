// The charts tab: every number that the run logged.

import { renderCharts } from "./charts.js";
import { emptyState, h } from "./dom.js";
import { runColor } from "./palette.js";

export function open(panel, context) {
  return openCharts(panel, context, {
    stream: "history",
    metricsOf: (run) => run.keys.filter(({ type }) => type === "number").map(({ key }) => key),
    empty: "This run has logged no numbers yet.",
  });
}

/** Also the body of the system tab, which differs only in where its metrics come from. */
export function openCharts(panel, context, { stream, metricsOf, empty }) {
  const { entity, project, run } = context;
  let charts = null;

  function draw() {
    const metrics = metricsOf(context.run);
    if (charts) return charts.setMetrics({ metrics });
    if (metrics.length === 0) return panel.replaceChildren(emptyState(empty));
    const container = h("div", {});
    panel.replaceChildren(container);
    charts = renderCharts(container, {
      entity,
      project,
      stream,
      metrics,
      runs: [{ id: run.id, name: run.name, color: runColor(run.id) }],
      xOf: (metric) => context.run.x[metric] ?? null,
    });
    return undefined;
  }

  draw();
  // The charts fetch new points by themselves; only metrics logged for the first time are news to them.
  return { changed: draw, close: () => charts?.destroy() };
}
