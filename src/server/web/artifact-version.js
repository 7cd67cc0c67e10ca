// One version of an artifact: what it is, how to fetch it, its metadata and files.

import { get } from "./api.js";
import { emptyState, h, link } from "./dom.js";
import { fileTree } from "./file-tree.js";
import { bytes, count, timeElement } from "./format.js";
import { aliasChips } from "./run-artifacts.js";
import { artifactCommand, commandBlock } from "./shell-commands.js";
import { renderTree } from "./tree.js";

/** `wanted` is a version such as "v3" or an alias such as "latest". */
export async function renderVersion(root, context, wanted) {
  const { api, collection, entity, page, project } = context;
  const { type, versions } = await get(api(collection));
  const found = versions.find(({ version, aliases }) => version === wanted || aliases.includes(wanted));
  if (!found) throw new Error(`The artifact ${collection} has no version ${wanted}.`);
  const { files } = await get(api(collection, found.version, "files"));

  root.append(
    h("h1", {}, `${collection}:${found.version} `, ...aliasChips(found.aliases)),
    h("p", { class: "muted" }, `${type} · `, link(page(collection), count(versions.length, "version"))),
    found.description ? h("p", { class: "notes" }, found.description) : "",
    commandBlock(artifactCommand(entity, project, collection, found.version)),
    facts(found, context),
    h("h2", {}, "Metadata"),
    renderTree(found.metadata, { title: "Metadata", emptyText: "No metadata." }),
    h("h2", {}, count(files.length, "file")),
    files.length > 0 ? fileTree(files, (file, name) => fileRow(file, name, context, found.version)) : emptyState("No files."));
}

function facts({ created, digest, run, size }, { runPage }) {
  const entries = [
    ["Created", timeElement(created)],
    ["Logged by", run ? link(runPage(run), run) : "–"],
    ["Size", bytes(size)],
    ["Digest", h("code", {}, digest)],
  ];
  return h("dl", { class: "facts" }, entries.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Files that are only referred to live elsewhere: their address is shown, but cannot be fetched from here. */
function fileRow({ path, size, ref }, name, { api, collection }, version) {
  return h("div", { class: "file-row" },
    ref
      ? h("span", { class: "file-name" }, `${name} `, h("code", { class: "muted" }, ref))
      : h("a", { class: "file-name", href: api(collection, version, "file", ...path.split("/")), download: name }, name),
    h("span", { class: "file-size" }, bytes(size)));
}
