// A page of charts: sections of panels for the metrics of some runs, loaded as they come into view and growing live.

import { events } from "./api.js";
import { axisOf, chartToolbar, loadSettings, saveSettings } from "./chart-toolbar.js";
import { ChartPanel } from "./chart-panel.js";
import { clear, emptyState, h } from "./dom.js";
import { sections } from "./metric-sections.js";
import { SeriesLoader } from "./series-loader.js";

const REFRESH_AFTER_MS = 2000;
// Beyond this many, sections begin closed: the reader can see what there is without scrolling past it all.
const OPEN_SECTIONS = 8;

/**
 * Draws the charts of `runs` (`[{id, name, color, group?}]`) into `container`. `metrics` are of `stream` ("history" or
 * "events"); `system` are further metrics of the events stream. `xOf(metric)` gives the step metric of a metric that has one.
 * When runs have a `group`, each group is drawn as one line. Returns `{update(runs), setMetrics({metrics, system}), destroy()}`.
 */
export function renderCharts(container, { entity, project, runs, metrics, stream = "history", xOf = () => null, system = [] }) {
  const settings = loadSettings(entity, project);
  const loader = new SeriesLoader(entity, project);
  const panels = new Map();
  let entries = listEntries(metrics, stream, system);
  let search = "";
  let refreshTimer = 0;

  const observer = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) panelOf.get(target)?.show(isIntersecting);
  }, { rootMargin: "200px" });
  const panelOf = new WeakMap();

  const list = h("div", {});
  const toolbar = () => chartToolbar({
    settings,
    metrics: entries.filter((entry) => entry.stream === "history").map(({ metric }) => metric),
    onchange: applySettings,
    onsearch: (text) => {
      search = text;
      arrange();
    },
  });
  let toolbarNode = toolbar();
  container.append(toolbarNode, list);
  arrange();

  const stopEvents = events(onEvent, refresh);

  function panelFor({ metric, stream }) {
    const key = `${stream} ${metric}`;
    if (!panels.has(key)) {
      const panel = new ChartPanel({ metric, stream, loader });
      configure(panel, metric);
      panel.setRuns(runs);
      panelOf.set(panel.node, panel);
      observer.observe(panel.node);
      panels.set(key, { panel, metric });
    }
    return panels.get(key).panel;
  }

  function configure(panel, metric) {
    const { smoothing, logX, logY } = settings;
    panel.setSettings(axisOf(settings, metric, panel.stream, xOf), { smoothing, logX, logY });
  }

  function arrange() {
    const found = sections(entries, search);
    clear(list).append(...found.map(sectionNode));
    if (found.length === 0) list.append(emptyState(entries.length === 0 ? "No metrics yet." : "No metric matches."));
  }

  function sectionNode({ name, panels }, index) {
    const choice = settings.sections.find((known) => known.name === name);
    const isOpen = search !== "" || (choice ? choice.open : index < OPEN_SECTIONS);
    const grid = h("div", { class: "chart-grid", dataset: { columns: settings.columns } }, panels.map((entry) => panelFor(entry).node));
    const remember = () => {
      // The click comes before the section opens or closes. A "toggle" event would also come when it is drawn.
      settings.sections = settings.sections.filter((known) => known.name !== name).concat({ name, open: !section.open });
      saveSettings(entity, project, settings);
    };
    const section = h("details", { class: "chart-section", open: isOpen },
      h("summary", { onclick: remember }, `${name} `, h("span", { class: "muted" }, String(panels.length))),
      grid);
    return section;
  }

  function applySettings() {
    saveSettings(entity, project, settings);
    for (const grid of list.querySelectorAll(".chart-grid")) grid.dataset.columns = settings.columns;
    for (const { panel, metric } of panels.values()) configure(panel, metric);
  }

  function onEvent(change) {
    if (change.entity !== entity || change.project !== project || !runs.some(({ id }) => id === change.run)) return;
    const grown = [...panels.values()].filter(({ panel }) => change.what.includes(panel.stream));
    if (grown.length === 0) return;
    for (const { panel } of grown) panel.markStale(change.run);
    refreshTimer ||= setTimeout(loadVisible, REFRESH_AFTER_MS);
  }

  function loadVisible() {
    refreshTimer = 0;
    for (const { panel } of panels.values()) panel.load();
  }

  function refresh() {
    for (const { panel } of panels.values()) for (const { id } of runs) panel.markStale(id);
    loadVisible();
  }

  function update(newRuns) {
    runs = newRuns;
    for (const { panel } of panels.values()) panel.setRuns(runs);
  }

  function setMetrics(found) {
    const newEntries = listEntries(found.metrics, stream, found.system ?? []);
    if (JSON.stringify(newEntries) === JSON.stringify(entries)) return;
    entries = newEntries;
    const newToolbar = toolbar();
    // A reader who is typing or choosing keeps the old toolbar.
    if (!toolbarNode.contains(document.activeElement) && search === "") {
      toolbarNode.replaceWith(newToolbar);
      toolbarNode = newToolbar;
    }
    arrange();
  }

  function destroy() {
    stopEvents();
    clearTimeout(refreshTimer);
    observer.disconnect();
    for (const { panel } of panels.values()) panel.destroy();
    clear(container);
  }

  return { update, setMetrics, destroy };
}

function listEntries(metrics, stream, system) {
  return [...metrics.map((metric) => ({ metric, stream })), ...system.map((metric) => ({ metric, stream: "events" }))];
}
