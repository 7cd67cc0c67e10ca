// The media tab: a panel for every key under which images, tables, histograms, sounds or other objects were logged.

import { get } from "./api.js";
import { clear, emptyState, errorBox, h } from "./dom.js";
import { histogramPanel } from "./histogram.js";
import { filePanel, playerPanel } from "./media-file.js";
import { imagePanel } from "./media-image.js";
import { tablePanel } from "./media-table.js";

// Each makes `{update(rows), destroy()}` in a container, given the address of the run's files.
const PANELS = {
  "image-file": imagePanel,
  "images/separated": imagePanel,
  "table-file": tablePanel,
  "histogram": histogramPanel,
  "audio-file": playerPanel,
  "video-file": playerPanel,
  "html-file": filePanel,
  "object3D-file": filePanel,
  "plotly-file": filePanel,
};

const REFRESH_AFTER_MS = 4000;

export function open(panel, context) {
  const search = h("input", { type: "search", placeholder: "Search media", "aria-label": "Search media", dataset: { search: "" }, oninput: filter });
  const grid = h("div", { class: "media-grid" });
  const nothing = emptyState("");
  const shown = new Map();
  // Many keys may have been logged, so a panel fetches its rows only when it comes near the window.
  const nearby = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) shown.get(target.dataset.key).show(isIntersecting);
  }, { rootMargin: "300px" });

  function addNewKeys() {
    for (const { key, type } of context.run.keys) {
      if (!PANELS[type] || shown.has(key)) continue;
      const item = mediaPanel(context, key, type);
      shown.set(key, item);
      grid.append(item.element);
      nearby.observe(item.element);
    }
    filter();
  }

  function filter() {
    const wanted = search.value.trim().toLowerCase();
    for (const [key, { element }] of shown) element.hidden = !key.toLowerCase().includes(wanted);
    nothing.hidden = [...shown.values()].some(({ element }) => !element.hidden);
    nothing.firstChild.textContent = shown.size > 0 ? "No key matches." : "This run has logged no media.";
  }

  panel.append(h("div", { class: "toolbar" }, search), grid, nothing);
  addNewKeys();

  return {
    changed(what) {
      if (!what.has("history")) return;
      addNewKeys();
      for (const item of shown.values()) item.refresh();
    },
    close() {
      nearby.disconnect();
      for (const item of shown.values()) item.destroy();
    },
  };
}

/** The frame around one key; its rows are fetched when it is `show`n near the window and again, while it is near, after a `refresh()`. */
function mediaPanel(context, key, type) {
  const body = h("div", { class: "media-body" }, h("p", { class: "loading" }, "Loading…"));
  const element = h("section", { class: `media-panel media-${type.split(/[-/]/)[0]}`, "aria-label": key, dataset: { key } }, h("h3", {}, key), body);
  const fileHref = (name) => context.api("files", ...name.split("/"));
  let view = null;
  let near = false;
  let fresh = false;
  let timer = 0;

  async function fetchRows() {
    try {
      const { rows } = await get(context.api("media"), { key });
      if (view) view.update(rows);
      else if (rows.length > 0) view = PANELS[type](clear(body), rows, { key, fileHref });
      else clear(body).append(h("p", { class: "muted" }, "Nothing logged yet."));
    } catch (error) {
      if (!view) clear(body).append(errorBox(error));
    }
  }

  function load() {
    if (!near || fresh) return;
    fresh = true;
    fetchRows();
  }

  return {
    element,
    show(isNear) {
      near = isNear;
      load();
    },
    refresh() {
      fresh = false;
      if (!near) return;
      timer ||= setTimeout(() => {
        timer = 0;
        load();
      }, REFRESH_AFTER_MS);
    },
    destroy() {
      clearTimeout(timer);
      view?.destroy();
    },
  };
}
