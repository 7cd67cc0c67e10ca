// An `<img>` of something a run logged.

import { h } from "./dom.js";

// Small images are samples of data, whose pixels one wants to see; larger ones look better when smoothed.
const SMALL_PIXELS = 128;

export function picture(src, attrs) {
  const image = h("img", { src, ...attrs });
  image.addEventListener("load", () => image.classList.toggle("pixelated", Math.max(image.naturalWidth, image.naturalHeight) <= SMALL_PIXELS));
  return image;
}
