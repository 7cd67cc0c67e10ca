// Logged images: all images of the chosen step in a grid; a click shows one at full size.

import { clear, h } from "./dom.js";
import { openDialog } from "./dialog.js";
import { picture } from "./picture.js";
import { stepSlider } from "./step-slider.js";

export function imagePanel(container, rows, { key, fileHref }) {
  const grid = h("div", { class: "image-grid" });
  const slider = stepSlider(rows.map(({ step }) => step), draw);
  container.append(grid, slider.element);

  function draw(index) {
    const images = imagesOf(key, rows[index]);
    grid.classList.toggle("image-single", images.length === 1);
    clear(grid).append(...images.map((image) => thumbnail(image, fileHref)));
  }

  return {
    update(newRows) {
      // Nothing new: leave the images alone, or they would flicker.
      if (newRows.length === rows.length) return;
      rows = newRows;
      slider.setSteps(rows.map(({ step }) => step));
    },
    destroy: slider.destroy,
  };
}

/** The images of one row as `[{path, caption}]`, in all the shapes that clients have logged. */
function imagesOf(key, { step, value }) {
  if (value._type === "image-file") return [{ path: value.path, caption: value.caption }];
  // Old clients named the files by a rule instead of listing them.
  const names = value.filenames ?? Array.from({ length: value.count ?? 0 }, (_, index) => `media/images/${key}_${step}_${index}.${value.format ?? "png"}`);
  return names.map((path, index) => ({ path, caption: value.captions?.[index] }));
}

function thumbnail({ path, caption }, fileHref) {
  const alt = caption || path;
  const open = () => openDialog({ title: alt, wide: true, body: picture(fileHref(path), { class: "image-full", alt }) });
  return h("figure", {},
    h("button", { type: "button", "aria-label": `Enlarge ${alt}`, onclick: open }, picture(fileHref(path), { alt: "", loading: "lazy" })),
    caption && h("figcaption", { title: caption }, caption));
}
