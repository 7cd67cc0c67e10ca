// The workspace of a project: the table of runs and the charts of the visible ones.

import { events, get, pagePath, path, session } from "./api.js";
import { drawBulkBar } from "./bulk.js";
import { renderCharts } from "./charts.js";
import { chosenColumns, fieldName, groupColumns, openColumnDialog, valueColumns } from "./columns.js";
import { emptyState, errorBox, h, link, redraw } from "./dom.js";
import { FilterBox } from "./filter-box.js";
import { count } from "./format.js";
import { icon } from "./icons.js";
import { pager } from "./pager.js";
import { runColor } from "./palette.js";
import { groupName, groupRows } from "./run-groups.js";
import { RunsTable } from "./runs-table.js";
import { splitter } from "./splitter.js";
import { readView, writeView } from "./view-state.js";
import { Visibility } from "./visibility.js";

const PAGE_SIZE = 100;
// Groups are made of what is loaded, so a grouped table loads more.
const GROUPED_SIZE = 1000;
const VISIBLE_RUNS = 10;
const VISIBLE_RUNS_GROUPED = 100;
const REFRESH_AFTER_MS = 2000;
const COLUMNS_AFTER_MS = 10_000;

const VIEWS = { table: "Table", workspace: "Split", charts: "Charts" };

export async function render(main, { entity, project }) {
  const [{ readonly }, available] = await Promise.all([session(), get(path("p", entity, project, "columns"))]);
  const workspace = new Workspace({ entity, project, readonly, available });
  main.append(workspace.element);
  await workspace.reload();
  return () => workspace.destroy();
}

class Workspace {
  #place;
  #readonly;
  #available;
  #columns;
  #view = readView();
  #layout = location.pathname.match(/\/(table|charts)\/?$/)?.[1] ?? "workspace";
  #listing = { total: 0, matched: 0, runs: [] };
  #selected = new Set();
  #closedGroups = new Set();
  #visibility;
  #charts = null;
  #chartRuns = "";
  #latestRequest = 0;
  #refreshTimer = 0;
  #columnsTimer = 0;

  #counts = h("span", { class: "muted", "aria-live": "polite" });
  #views = h("nav", { class: "views", "aria-label": "Layout" });
  #bulkBar = h("div", { class: "bulk-bar", hidden: true, role: "region", "aria-label": "Selected runs" });
  #message = h("div", {});
  #pager = h("div", {});
  #chartPane = h("section", { class: "chart-pane", "aria-label": "Charts" });
  #filterBox = new FilterBox(this.#view.filter, (filter) => this.#change({ filter, page: 1 }));
  #groupSelect = h("select", { "aria-label": "Group runs by", onchange: (event) => this.#change({ group: event.target.value, page: 1 }) });
  #table;
  #stopEvents;

  constructor({ entity, project, readonly, available }) {
    this.#place = { entity, project };
    this.#readonly = readonly;
    this.#available = available;
    this.#columns = chosenColumns(entity, project, available);
    this.#visibility = new Visibility(entity, project);
    this.#table = new RunsTable(this.#place, {
      sort: (sort) => this.#change({ sort, page: 1 }),
      select: (ids, checked) => this.#select(ids, checked),
      visible: (ids, shown) => this.#show(ids, shown),
      open: (group, isOpen) => this.#openGroup(group, isOpen),
      tag: (tag) => this.#filterBox.set(`${JSON.stringify(tag)} in tags`),
    });
    this.element = this.#build();
    this.#stopEvents = events((change) => this.#onEvent(change), () => this.reload());
  }

  destroy() {
    this.#stopEvents();
    clearTimeout(this.#refreshTimer);
    clearTimeout(this.#columnsTimer);
    this.#filterBox.destroy();
    this.#table.destroy();
    this.#charts?.destroy();
  }

  /** Loads the page of runs that the view asks for and draws it. */
  async reload() {
    const request = ++this.#latestRequest;
    const { entity, project } = this.#place;
    const { filter, sort, group, page } = this.#view;
    const limit = group ? GROUPED_SIZE : PAGE_SIZE;
    const columns = valueColumns([...new Set([...this.#columns, group])]).map(fieldName).join(",");
    try {
      const listing = await get(path("p", entity, project, "runs"), { filter, sort, columns, limit, offset: group ? 0 : (page - 1) * PAGE_SIZE });
      if (request !== this.#latestRequest) return;
      this.#listing = listing;
      this.#filterBox.showError(null);
      this.#draw();
    } catch (error) {
      if (request !== this.#latestRequest) return;
      // The server says 400 for a wrong expression; the old rows stay, so that the reader can go on typing.
      if (error.status === 400) this.#filterBox.showError(error);
      else redraw(this.#message, errorBox(error));
    }
  }

  #build() {
    const { entity, project } = this.#place;
    const chooseColumns = h("button", {
      type: "button",
      class: "icon-button",
      "aria-label": "Choose columns",
      title: "Choose columns",
      onclick: () => this.#chooseColumns(),
    }, icon("columns"));
    this.#drawGroupSelect();
    this.#drawViews();
    const tablePane = h("section", { class: "table-pane", "aria-label": "Runs" },
      this.#filterBox.element,
      h("div", { class: "toolbar" }, h("label", { class: "group-by" }, "group by ", this.#groupSelect), chooseColumns, this.#counts),
      this.#bulkBar,
      this.#message,
      h("div", { class: "table-scroll runs-scroll" }, this.#table.element),
      this.#pager);
    const panes = h("div", { class: `panes panes-${this.#layout}` });
    panes.append(tablePane, splitter(panes), this.#chartPane);
    return h("div", { class: "workspace" },
      h("div", { class: "workspace-head" },
        h("h1", {}, project),
        h("nav", { "aria-label": "Project" }, link(pagePath(entity, project, "artifacts"), "Artifacts")),
        this.#views),
      panes);
  }

  #draw() {
    const { total, matched, runs } = this.#listing;
    const { group, page, sort, filter } = this.#view;
    const visible = this.#visibleIds();
    const groups = group
      ? groupRows(runs, group).map((found) => ({ ...found, isOpen: !this.#closedGroups.has(found.name) }))
      : null;
    this.#table.draw({ rows: runs, groups, columns: this.#columns, sort, selected: this.#selected, visible });
    this.#table.element.parentElement.hidden = runs.length === 0;
    const counts = filter ? `${matched.toLocaleString("en-US")} of ${count(total, "run")}` : count(total, "run");
    // Setting the same text would make screen readers say it again with each change of a live run.
    if (this.#counts.textContent !== counts) this.#counts.textContent = counts;
    redraw(this.#message, this.#hint());
    redraw(this.#pager, !group && pager({ page, size: PAGE_SIZE, total: matched, onpage: (page) => this.#change({ page }) }));
    drawBulkBar(this.#bulkBar, { ...this.#place, readonly: this.#readonly, selected: this.#selected, onchange: () => this.reload() });
    this.#updateCharts(runs.filter(({ id }) => visible.has(id)));
  }

  /** What to say above the table when it is empty or does not hold everything. */
  #hint() {
    const { total, matched, runs } = this.#listing;
    if (total === 0) return emptyState("No runs yet.", h("pre", {}, h("code", {}, "wandb-rs run -- python train.py")));
    if (matched === 0) return emptyState("No run matches the filter.", h("button", { type: "button", onclick: () => this.#filterBox.set("") }, "Clear the filter"));
    if (runs.length === 0) return emptyState("This page is past the end.", h("button", { type: "button", onclick: () => this.#change({ page: 1 }) }, "First page"));
    if (!this.#view.group || matched === runs.length) return null;
    return h("p", { class: "muted" }, `The groups hold the first ${count(runs.length, "run")} of ${matched.toLocaleString("en-US")}. A filter narrows them.`);
  }

  #drawViews() {
    const { entity, project } = this.#place;
    redraw(this.#views, Object.entries(VIEWS).map(([view, title]) =>
      link(pagePath(entity, project, view) + location.search, title, { class: "button", "aria-current": view === this.#layout ? "page" : null })));
  }

  #drawGroupSelect() {
    const option = (value, text) => h("option", { value, selected: value === this.#view.group }, text);
    const columns = groupColumns(this.#available);
    // A shared link may name a column that has gone since.
    const missing = this.#view.group && !columns.includes(this.#view.group) ? [this.#view.group] : [];
    redraw(this.#groupSelect, option("", "nothing"), [...columns, ...missing].map((column) => option(column, column)));
  }

  // What the reader does

  #change(part) {
    Object.assign(this.#view, part);
    writeView(this.#view);
    // The links to the other layouts keep the query.
    this.#drawViews();
    this.reload();
  }

  #select(ids, checked) {
    for (const id of ids) checked ? this.#selected.add(id) : this.#selected.delete(id);
    this.#draw();
  }

  #show(ids, shown) {
    this.#visibility.set(ids, shown);
    this.#draw();
  }

  #openGroup(group, isOpen) {
    isOpen ? this.#closedGroups.delete(group) : this.#closedGroups.add(group);
    this.#draw();
  }

  #chooseColumns() {
    openColumnDialog({
      ...this.#place,
      available: this.#available,
      chosen: this.#columns,
      onchange: (columns) => {
        this.#columns = columns;
        this.reload();
      },
    });
  }

  // Charts

  #visibleIds() {
    return this.#visibility.visibleIds(this.#listing.runs, this.#view.group ? VISIBLE_RUNS_GROUPED : VISIBLE_RUNS);
  }

  #updateCharts(rows) {
    if (this.#layout === "table") return;
    const { group } = this.#view;
    const runs = rows.map((row) => ({ id: row.id, name: row.name, color: runColor(row.id), ...(group && { group: groupName(row, group) }) }));
    // A live list is drawn every few seconds; the charts only care when other runs are visible.
    const signature = JSON.stringify(runs);
    if (signature === this.#chartRuns) return;
    this.#chartRuns = signature;
    if (this.#charts) return this.#charts.update(runs);
    const { metrics, system } = this.#available;
    this.#charts = renderCharts(this.#chartPane, { ...this.#place, runs, metrics, system, xOf: (metric) => this.#available.x?.[metric] ?? null });
  }

  // Live

  #onEvent({ entity, project }) {
    if (entity !== this.#place.entity || project !== this.#place.project) return;
    this.#refreshTimer ||= setTimeout(() => {
      this.#refreshTimer = 0;
      this.reload();
    }, REFRESH_AFTER_MS);
    this.#columnsTimer ||= setTimeout(() => this.#reloadColumns(), COLUMNS_AFTER_MS);
  }

  /** A run may log a metric that no run had before. */
  async #reloadColumns() {
    this.#columnsTimer = 0;
    const { entity, project } = this.#place;
    const available = await get(path("p", entity, project, "columns")).catch(() => null);
    if (!available || JSON.stringify(available) === JSON.stringify(this.#available)) return;
    this.#available = available;
    this.#drawGroupSelect();
    this.#charts?.setMetrics(available);
  }
}
