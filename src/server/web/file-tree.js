// A list of paths as a tree of folders, for the files of runs and of artifacts.

import { h } from "./dom.js";
import { bytes, compareNames, count } from "./format.js";

// Larger trees start folded.
const OPEN_UP_TO = 30;

/**
 * `files` are `{path, size, …}`; `fileRow(file, name)` makes what is shown of one, `name` being the last part of its path.
 */
export function fileTree(files, fileRow) {
  return h("div", { class: "file-tree" }, folderBody(folderOf(files), fileRow, files.length <= OPEN_UP_TO));
}

/** `{folders: Map of name → folder, files: [[name, file]], size, amount}`; sizes and amounts count everything below. */
function folderOf(files) {
  const root = emptyFolder();
  for (const file of files) {
    const parts = file.path.split("/");
    let folder = root;
    addSize(folder, file);
    for (const part of parts.slice(0, -1)) {
      if (!folder.folders.has(part)) folder.folders.set(part, emptyFolder());
      folder = folder.folders.get(part);
      addSize(folder, file);
    }
    folder.files.push([parts.at(-1), file]);
  }
  return root;
}

function emptyFolder() {
  return { folders: new Map(), files: [], size: 0, amount: 0 };
}

function addSize(folder, file) {
  folder.size += file.size ?? 0;
  folder.amount += 1;
}

function folderBody(folder, fileRow, open) {
  const folders = [...folder.folders].sort(byName).map(([name, child]) => h("li", {}, folderItem(name, child, fileRow, open)));
  const files = folder.files.sort(byName).map(([name, file]) => h("li", {}, fileRow(file, name)));
  return h("ul", {}, folders, files);
}

function folderItem(name, folder, fileRow, open) {
  const facts = `${count(folder.amount, "file")}, ${bytes(folder.size)}`;
  const details = h("details", {}, h("summary", {}, h("span", { class: "file-name" }, `${name}/`), h("span", { class: "muted" }, facts)));
  // Rows are made when first seen: a run may have logged a hundred thousand images.
  details.addEventListener("toggle", () => details.children.length === 1 && details.append(folderBody(folder, fileRow, open)));
  details.open = open;
  return details;
}

function byName([a], [b]) {
  return compareNames(a, b);
}
