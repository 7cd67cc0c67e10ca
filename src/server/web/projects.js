// The list of projects: of everyone at `/`, of one entity at `/{entity}`.

import { get, pagePath, path } from "./api.js";
import { emptyState, h, link, redraw } from "./dom.js";
import { timeElement } from "./format.js";
import { keepFresh } from "./keep-fresh.js";

const ORDERS = {
  "Last changed": (a, b) => b.updated - a.updated,
  "Newest": (a, b) => b.created - a.created,
  "Name": (a, b) => a.name.localeCompare(b.name),
  "Most runs": (a, b) => b.runs - a.runs,
};

const REFRESH_AFTER_MS = 3000;

export async function render(main, { entity }) {
  let projects = await fetchProjects(entity);

  const search = h("input", { type: "search", placeholder: "Search projects", "aria-label": "Search projects", dataset: { search: "" }, oninput: draw });
  const order = h("select", { "aria-label": "Sort projects", onchange: draw }, Object.keys(ORDERS).map((name) => h("option", {}, name)));
  const list = h("div", {});

  function draw() {
    const wanted = search.value.toLowerCase();
    const shown = projects
      .filter(({ entity, name, description }) => `${entity}/${name} ${description}`.toLowerCase().includes(wanted))
      .sort(ORDERS[order.value]);
    redraw(list, projects.length === 0 ? firstRunHelp() : shown.length === 0 ? emptyState("No project matches.") : projectTable(shown));
  }

  main.append(h("section", { class: "page" },
    h("h1", {}, entity ? `Projects of ${entity}` : "Projects"),
    h("div", { class: "toolbar", role: "search" }, search, order),
    list));
  draw();
  return keepFresh({
    concerns: () => true,
    pauseMs: REFRESH_AFTER_MS,
    refresh: async () => {
      projects = await fetchProjects(entity);
      draw();
    },
  });
}

async function fetchProjects(entity) {
  const { projects } = await get(path("projects"));
  return entity ? projects.filter((project) => project.entity === entity) : projects;
}

function projectTable(projects) {
  return h("div", { class: "table-scroll" }, h("table", { class: "projects" },
    h("thead", {}, h("tr", {}, 
      h("th", { scope: "col" }, "Project"),
      h("th", { scope: "col", class: "number" }, "Runs"),
      h("th", { scope: "col", class: "number" }, "Running"),
      h("th", { scope: "col" }, "Last change"))),
    h("tbody", {}, projects.map(projectRow))));
}

function projectRow({ entity, name, description, runs, running, updated }) {
  return h("tr", {},
    h("td", {},
      link(pagePath(entity, name), name, { class: "project-name" }), h("span", { class: "muted" }, ` ${entity}`),
      description && h("div", { class: "muted" }, description)),
    h("td", { class: "number" }, runs.toLocaleString("en-US")),
    h("td", { class: "number" }, running > 0 ? h("span", { class: "state state-running" }, String(running)) : h("span", { class: "muted" }, "–")),
    h("td", {}, timeElement(updated)));
}

function firstRunHelp() {
  return emptyState("No project yet.",
    h("p", {}, "Log the first run and it appears here by itself:"),
    h("pre", {}, h("code", {}, "wandb-rs run -- python train.py")));
}
