// The artifacts tab of a run: what it made and what it used.

import { get } from "./api.js";
import { emptyState, h, link } from "./dom.js";
import { bytes } from "./format.js";

export async function open(panel, context) {
  const { logged, used } = await get(context.api("artifacts"));
  panel.append(
    h("h2", {}, "Made by this run"), artifactTable(context, logged, "This run has logged no artifact."),
    h("h2", {}, "Used by this run"), artifactTable(context, used, "This run has used no artifact."));
}

function artifactTable({ projectPage }, artifacts, emptyText) {
  if (artifacts.length === 0) return emptyState(emptyText);
  const rows = artifacts.map(({ collection, version, type, size, aliases }) => h("tr", {},
    // Which version it becomes only a server knows: run directories have none.
    h("td", {}, version ? link(projectPage("artifacts", collection, version), `${collection}:${version}`) : collection),
    h("td", {}, type),
    h("td", {}, aliasChips(aliases)),
    h("td", { class: "number" }, bytes(size))));
  return h("div", { class: "table-scroll" }, h("table", {},
    h("thead", {}, h("tr", {},
      h("th", { scope: "col" }, "Artifact"), h("th", { scope: "col" }, "Type"),
      h("th", { scope: "col" }, "Aliases"), h("th", { scope: "col", class: "number" }, "Size"))),
    h("tbody", {}, rows)));
}

export function aliasChips(aliases) {
  return aliases.map((alias) => h("span", { class: "chip" }, alias));
}
