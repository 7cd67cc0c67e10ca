// The controls above the charts and the settings they change.

import { h } from "./dom.js";
import { load, save } from "./store.js";

const DEFAULTS = { x: "_step", smoothing: 0, logX: false, logY: false, columns: "auto", sections: [] };

const AXES = {
  _step: { label: "Step", kind: "number" },
  _runtime: { label: "Relative time", kind: "duration" },
  _timestamp: { label: "Wall time", kind: "time" },
};

export function loadSettings(entity, project) {
  return { ...DEFAULTS, ...load(`charts:${entity}/${project}`, {}) };
}

export function saveSettings(entity, project, settings) {
  save(`charts:${entity}/${project}`, settings);
}

/** The x axis of a metric: `{key, label, kind}`. */
export function axisOf(settings, metric, stream, xOf) {
  // System metrics have no step: they are sampled by time.
  if (stream === "events") return axis(settings.x === "_timestamp" ? "_timestamp" : "_runtime");
  // A metric that was defined with a step metric of its own is only in order over that one.
  const own = settings.x === "_step" ? xOf(metric) : null;
  return axis(own ?? settings.x);
}

function axis(key) {
  return { key, ...(AXES[key] ?? { label: key, kind: "number" }) };
}

/** `onchange()` is called after `settings` was changed, `onsearch(text)` while the reader types. */
export function chartToolbar({ settings, metrics, onchange, onsearch }) {
  const change = (part) => {
    Object.assign(settings, part);
    onchange();
  };
  return h("div", { class: "toolbar charts-toolbar" },
    h("input", {
      type: "search",
      placeholder: "Search metrics (text or regex)",
      "aria-label": "Search metrics",
      dataset: { search: "" },
      oninput: (event) => onsearch(event.target.value),
    }),
    axisSelect(settings, metrics, change),
    smoothingSlider(settings, change),
    toggle("log x", settings.logX, (logX) => change({ logX })),
    toggle("log y", settings.logY, (logY) => change({ logY })),
    columnSelect(settings, change));
}

function axisSelect(settings, metrics, change) {
  const option = (value, text) => h("option", { value, selected: value === settings.x }, text);
  return h("label", {}, "x",
    h("select", { "aria-label": "x axis", onchange: (event) => change({ x: event.target.value }) },
      Object.entries(AXES).map(([key, { label }]) => option(key, label)),
      h("optgroup", { label: "Metrics" }, metrics.map((metric) => option(metric, metric)))));
}

function smoothingSlider(settings, change) {
  const shown = h("output", {}, String(settings.smoothing));
  const slide = (event) => {
    const smoothing = Number(event.target.value);
    shown.textContent = String(smoothing);
    change({ smoothing });
  };
  const value = String(settings.smoothing);
  const slider = h("input", { type: "range", min: "0", max: "0.99", step: "0.01", value, "aria-label": "Smoothing", oninput: slide });
  return h("label", {}, "smooth", slider, shown);
}

function toggle(text, isOn, change) {
  const flip = (event) => {
    const pressed = event.target.getAttribute("aria-pressed") !== "true";
    event.target.setAttribute("aria-pressed", String(pressed));
    change(pressed);
  };
  return h("button", { type: "button", "aria-pressed": isOn, onclick: flip }, text);
}

function columnSelect(settings, change) {
  const options = ["auto", "1", "2", "3", "4"].map((value) => h("option", { value, selected: value === settings.columns }, value));
  return h("label", {}, "columns", h("select", { "aria-label": "Columns of charts", onchange: (event) => change({ columns: event.target.value }) }, options));
}
