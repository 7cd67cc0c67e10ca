// The page of one run: its header and, below, one of the tabs. Each tab has its own address.

import { events, get, pagePath, path, session } from "./api.js";
import { clear, errorBox, h, link } from "./dom.js";
import { pushAddress } from "./router.js";
import { runHeader } from "./run-header.js";

// `load()` imports a module with `open(panel, context)`, which may return `{changed(what), close()}`: `changed` is called
// with the set of what changed ("history", "events", "logs", "run", "files"), `close` when the tab is left.
const TABS = [
  { name: "charts", label: "Charts", load: () => import("./run-charts.js") },
  { name: "overview", label: "Overview", load: () => import("./overview.js") },
  { name: "system", label: "System", load: () => import("./run-system.js") },
  { name: "logs", label: "Logs", load: () => import("./logs.js") },
  { name: "files", label: "Files", load: () => import("./files.js") },
  { name: "artifacts", label: "Artifacts", load: () => import("./run-artifacts.js") },
  { name: "media", label: "Media", load: () => import("./media.js") },
];

export async function render(main, { entity, project, run: id, tab }) {
  const root = h("div", { class: "page run-page" });
  main.append(root);
  const [run, { readonly }] = await Promise.all([get(path("p", entity, project, "runs", id)), session()]);
  const context = {
    entity,
    project,
    run,
    readonly,
    api: (...segments) => path("p", entity, project, "runs", id, ...segments),
    projectPage: (...segments) => pagePath(entity, project, ...segments),
  };

  const header = runHeader(context);
  const panel = h("section", { id: "run-panel", class: "run-panel", role: "tabpanel", tabindex: "-1" });
  const tabs = tabList(context, (name) => openTab(name));
  root.append(header.element, tabs.element, panel);

  let current = {};
  let visit = 0;

  async function openTab(name) {
    const mine = ++visit;
    current.close?.();
    current = {};
    tabs.select(name);
    // A fresh container, so that a slow tab which has been left cannot write into the next one.
    const container = h("div", {}, h("p", { class: "loading" }, "Loading…"));
    clear(panel).append(container);
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    try {
      const module = await TABS.find((tab) => tab.name === name).load();
      clear(container);
      const opened = await module.open(container, context);
      if (mine === visit) current = opened ?? {};
      else opened?.close?.();
    } catch (error) {
      console.error(error);
      clear(container).append(errorBox(error));
    }
  }

  const stopLive = followRun(context, (what) => {
    header.update();
    current.changed?.(what);
  });
  await openTab(TABS.some(({ name }) => name === tab) ? tab : defaultTab(run));

  return () => {
    visit++;
    stopLive();
    current.close?.();
  };
}

function defaultTab(run) {
  return run.keys.some(({ type }) => type === "number") ? "charts" : "overview";
}

/** Keeps `context.run` fresh and reports what changed. Returns the function that stops it. */
function followRun(context, changed) {
  const { entity, project, run } = context;
  let waiting = new Set();
  let busy = false;
  let stopped = false;

  // One request at a time, so that an old answer cannot replace a newer one.
  async function refresh(what) {
    for (const part of what) waiting.add(part);
    if (busy) return;
    busy = true;
    while (waiting.size > 0 && !stopped) {
      const taken = waiting;
      waiting = new Set();
      // A failed refresh keeps what is shown; the next change tries again.
      const fresh = await get(context.api()).catch(() => null);
      if (!fresh || stopped) continue;
      context.run = fresh;
      changed(taken);
    }
    busy = false;
  }

  const stop = events(
    (change) => {
      if (change.run === run.id && change.project === project && change.entity === entity) refresh(change.what);
    },
    () => refresh(["history", "events", "logs", "run", "files"]));
  return () => {
    stopped = true;
    stop();
  };
}

/** The row of tabs: links, so that a tab can be opened in a new window; arrow keys move between them. */
function tabList({ run, projectPage }, open) {
  const links = TABS.map(({ name, label }) =>
    link(projectPage("runs", run.id, name), label, {
      id: `tab-${name}`,
      role: "tab",
      "aria-controls": "run-panel",
      dataset: { tab: name },
      onclick: (event) => activate(event, name),
    }));
  const element = h("div", { class: "tabs", role: "tablist", "aria-label": "Parts of the run", onkeydown: moveFocus }, links);

  function activate(event, name) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    // The header stays as it is, so the router need not render the whole page again.
    event.preventDefault();
    pushAddress(event.currentTarget.href);
    open(name);
  }

  function moveFocus(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = links.indexOf(document.activeElement);
    const next = links[(index + step + links.length) % links.length];
    next.focus();
    next.click();
  }

  return {
    element,
    select(name) {
      for (const tab of links) {
        const selected = tab.dataset.tab === name;
        tab.setAttribute("aria-selected", String(selected));
        tab.tabIndex = selected ? 0 : -1;
        if (selected) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    },
  };
}
