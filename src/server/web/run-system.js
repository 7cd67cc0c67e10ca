// The system tab: CPU, memory, GPU, disk and network while the run was going.

import { openCharts } from "./run-charts.js";

export function open(panel, context) {
  return openCharts(panel, context, {
    stream: "events",
    metricsOf: (run) => run.system_keys,
    empty: "No system metrics were recorded for this run.",
  });
}
