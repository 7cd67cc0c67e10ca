// A look at a file without downloading it: text, JSON, and images.

import { ansiFragment } from "./ansi.js";
import { clear, errorBox, h } from "./dom.js";
import { bytes } from "./format.js";
import { picture } from "./picture.js";
import { renderTree } from "./tree.js";

const MOST_BYTES = 1_000_000;
// SVG is left out on purpose: it is text here, and its source is what one wants to see.
const IMAGE = /\.(png|jpe?g|gif|webp|bmp|avif)$/i;

/** Shows the file in `panel`. */
export async function showPreview(panel, { name, size, href }) {
  const body = h("div", { class: "preview-body" }, h("p", { class: "loading" }, "Loading…"));
  clear(panel).append(
    h("div", { class: "toolbar" },
      h("h2", {}, name),
      h("span", { class: "muted" }, bytes(size)),
      h("a", { class: "button", href, download: name.split("/").at(-1) }, "Download")),
    body);
  try {
    body.replaceChildren(await preview(name, size, href));
  } catch (error) {
    body.replaceChildren(errorBox(error));
  }
}

async function preview(name, size, href) {
  if (size > MOST_BYTES) return note("The file is too large for a preview.");
  if (IMAGE.test(name)) return picture(href, { alt: name });
  const response = await fetch(href);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  const text = decode(await response.arrayBuffer());
  if (text === null) return note("There is no preview for binary files.");
  if (text === "") return note("The file is empty.");
  return (name.endsWith(".json") && jsonTree(text)) || textBlock(text);
}

/** The text of the file, or null when it is not text. */
function decode(buffer) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(buffer);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

/** Null when the file is not valid JSON after all. */
function jsonTree(text) {
  try {
    return renderTree(JSON.parse(text), { title: "File" });
  } catch {
    return null;
  }
}

function textBlock(text) {
  const block = h("pre", { tabindex: "0" });
  for (const line of text.split("\n")) block.append(ansiFragment(line), "\n");
  return block;
}

function note(text) {
  return h("p", { class: "muted" }, text);
}
