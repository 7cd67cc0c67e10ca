// Logged sound and video, played by the browser, and the kinds that these pages only offer for download.

import { clear, h } from "./dom.js";
import { stepSlider } from "./step-slider.js";

const NOTES = {
  "html-file": "HTML that a run has logged could act in your name, so it is not shown here.",
  "object3D-file": "Open it in a viewer for 3D objects.",
  "plotly-file": "The figure as JSON, for Plotly.",
};

export function playerPanel(container, rows, { fileHref }) {
  return slidePanel(container, rows, ({ value }) => {
    const tag = value._type === "video-file" ? "video" : "audio";
    return [
      h(tag, { src: fileHref(value.path), controls: true, preload: "metadata" }),
      value.caption && h("p", {}, value.caption),
      downloadLink(value, fileHref),
    ];
  });
}

export function filePanel(container, rows, { fileHref }) {
  return slidePanel(container, rows, ({ value }) => [h("p", { class: "muted" }, NOTES[value._type]), downloadLink(value, fileHref)]);
}

/** A step slider over what `show(row)` makes of the row. */
function slidePanel(container, rows, show) {
  const body = h("div", { class: "media-single" });
  const draw = (index) => clear(body).append(h("div", {}, show(rows[index])));
  const slider = stepSlider(rows.map(({ step }) => step), draw);
  container.append(body, slider.element);
  return {
    update(newRows) {
      // Nothing new: leave the player alone, it may be playing.
      if (newRows.length === rows.length) return;
      rows = newRows;
      slider.setSteps(rows.map(({ step }) => step));
    },
    destroy: slider.destroy,
  };
}

function downloadLink({ path }, fileHref) {
  const name = path.split("/").at(-1);
  return h("a", { class: "button", href: fileHref(path), download: name }, `Download ${name}`);
}
