// The files tab: what the run saved, as a tree, with a preview beside it.

import { get } from "./api.js";
import { clear, emptyState, h } from "./dom.js";
import { fileTree } from "./file-tree.js";
import { bytes, count, timeElement } from "./format.js";
import { showPreview } from "./preview.js";

export async function open(panel, context) {
  const search = h("input", { type: "search", placeholder: "Search files", "aria-label": "Search files", dataset: { search: "" }, oninput: draw });
  const total = h("span", { class: "muted" });
  const list = h("div", {});
  const preview = h("section", { class: "preview", "aria-label": "Preview" }, h("p", { class: "muted" }, "Choose a file to look into it."));
  let files = await fetchFiles(context);

  function draw() {
    const wanted = search.value.trim().toLowerCase();
    const shown = files.filter(({ path }) => path.toLowerCase().includes(wanted));
    total.textContent = `${count(files.length, "file")}, ${bytes(files.reduce((sum, { size }) => sum + size, 0))}`;
    clear(list).append(shown.length > 0 ? fileTree(shown, fileRow) : emptyState(files.length > 0 ? "No file matches." : "This run has no files."));
  }

  function fileRow(file, name) {
    const choose = (event) => {
      list.querySelector("[aria-current]")?.removeAttribute("aria-current");
      event.currentTarget.setAttribute("aria-current", "true");
      showPreview(preview, { name: file.path, size: file.size, href: file.href });
      // On a narrow screen the preview is below the list.
      preview.scrollIntoView({ block: "nearest" });
    };
    return h("div", { class: "file-row" },
      h("button", { type: "button", class: "file-name", onclick: choose }, name),
      h("span", { class: "muted" }, timeElement(file.updated)),
      h("span", { class: "file-size" }, bytes(file.size)));
  }

  panel.append(h("div", { class: "toolbar" }, search, total), h("div", { class: "files" }, list, preview));
  draw();
  return {
    async changed(what) {
      if (!what.has("files")) return;
      files = await fetchFiles(context).catch(() => files);
      draw();
    },
  };
}

async function fetchFiles(context) {
  const { files } = await get(context.api("files"));
  return files.map(({ name, size, updated }) => ({ path: name, size, updated, href: context.api("files", ...name.split("/")) }));
}
