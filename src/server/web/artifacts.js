// The artifacts of a project: all collections, the versions of one collection, or one version with its files.

import { get, pagePath, path } from "./api.js";
import { emptyState, h, link } from "./dom.js";
import { renderVersion } from "./artifact-version.js";
import { bytes, count, timeElement } from "./format.js";
import { aliasChips } from "./run-artifacts.js";

export async function render(main, { entity, project, collection, version }) {
  const root = h("div", { class: "page" });
  main.append(root);
  const context = {
    entity,
    project,
    collection,
    api: (...segments) => path("p", entity, project, "artifacts", ...segments),
    page: (...segments) => pagePath(entity, project, "artifacts", ...segments),
    runPage: (id) => pagePath(entity, project, "runs", id),
  };
  if (!collection) await renderCollections(root, context);
  else if (!version) await renderVersions(root, context);
  else await renderVersion(root, context, version);
}

async function renderCollections(root, { api, page }) {
  const { types } = await get(api());
  root.append(h("h1", {}, "Artifacts"));
  if (types.length === 0) root.append(emptyState("No run of this project has logged an artifact."));
  for (const { type, collections } of types) {
    const rows = collections.map(({ name, versions, latest, size, updated }) => h("tr", {},
      h("td", {}, link(page(name), name, { class: "project-name" })),
      h("td", {}, count(versions, "version")),
      h("td", {}, latest && link(page(name, latest), latest)),
      h("td", { class: "number" }, bytes(size)),
      h("td", {}, timeElement(updated))));
    root.append(h("h2", {}, type), table(["Name", "Versions", "Latest", "Size", "Last change"], rows));
  }
}

async function renderVersions(root, { api, collection, page, runPage }) {
  const { type, description, versions } = await get(api(collection));
  const rows = [...versions].sort((a, b) => b.created - a.created).map(({ version, aliases, size, files, created, run }) => h("tr", {},
    h("td", {}, link(page(collection, version), version, { class: "project-name" })),
    h("td", {}, aliasChips(aliases)),
    h("td", {}, timeElement(created)),
    h("td", {}, run ? link(runPage(run), run) : h("span", { class: "muted" }, "–")),
    h("td", {}, count(files, "file")),
    h("td", { class: "number" }, bytes(size))));
  root.append(
    h("h1", {}, collection),
    h("p", { class: "muted" }, `${type} · ${count(versions.length, "version")}`),
    description ? h("p", { class: "notes" }, description) : "",
    rows.length > 0 ? table(["Version", "Aliases", "Created", "Run", "Files", "Size"], rows) : emptyState("This collection has no version."));
}

function table(titles, rows) {
  return h("div", { class: "table-scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col", class: title === "Size" ? "number" : null }, title)))),
    h("tbody", {}, rows)));
}
