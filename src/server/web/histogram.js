// Logged histograms: a heat map over all steps and, beside it, the bars of the chosen step.

import { h } from "./dom.js";
import { number } from "./format.js";
import { gradientChannels } from "./gradient.js";
import { commonRange, readHistogram, rebin } from "./histogram-data.js";
import { stepSlider } from "./step-slider.js";

const CELLS = 64;

export function histogramPanel(container, rows, { key }) {
  const heat = h("canvas", { class: "histogram-heat", role: "img", "aria-label": `Distribution of ${key} over the steps`, onclick: chooseStep });
  const bars = h("canvas", { class: "histogram-bars", role: "img" });
  const caption = h("p", { class: "muted histogram-caption" });
  let data = readRows(rows);
  let chosen = data.length - 1;
  if (data.length === 0) {
    container.append(h("p", { class: "muted" }, "The histograms have a form that is not known here."));
    return { update() {}, destroy() {} };
  }

  const slider = stepSlider(data.map(({ step }) => step), (index) => {
    chosen = index;
    draw();
  });
  container.append(h("div", { class: "histogram" }, heat, bars), caption, slider.element);

  const resizes = new ResizeObserver(draw);
  resizes.observe(container);
  addEventListener("themechange", draw);

  function draw() {
    if (!container.clientWidth) return;
    const range = commonRange(data.map(({ histogram }) => histogram));
    drawHeat(heat, data, range, chosen);
    drawBars(bars, data[chosen].histogram, range);
    caption.textContent = describe(data[chosen]);
    bars.setAttribute("aria-label", caption.textContent);
  }

  function chooseStep(event) {
    slider.choose(Math.floor((event.offsetX / heat.clientWidth) * data.length));
  }

  return {
    update(newRows) {
      data = readRows(newRows);
      slider.setSteps(data.map(({ step }) => step));
    },
    destroy() {
      slider.destroy();
      resizes.disconnect();
      removeEventListener("themechange", draw);
    },
  };
}

function describe({ step, histogram: { counts, edges } }) {
  const amount = counts.reduce((sum, value) => sum + value, 0);
  return `Step ${step}: ${number(amount)} values from ${number(edges[0])} to ${number(edges.at(-1))}`;
}

function readRows(rows) {
  return rows.map(({ step, value }) => ({ step, histogram: readHistogram(value) })).filter(({ histogram }) => histogram);
}

/** Steps go to the right, values upwards; the brighter, the more values. */
function drawHeat(canvas, data, range, chosen) {
  const { pen, width, height, colors } = prepare(canvas);
  const columns = data.map(({ histogram }) => rebin(histogram, range, CELLS));
  const most = Math.max(...columns.map((column) => Math.max(...column))) || 1;
  columns.forEach((column, index) => {
    const left = Math.floor((index * width) / columns.length);
    const right = Math.ceil(((index + 1) * width) / columns.length);
    column.forEach((share, cell) => {
      if (share === 0) return;
      // The square root keeps the thin tails of a distribution visible.
      pen.fillStyle = `rgb(${gradientChannels(Math.sqrt(share / most)).join(" ")})`;
      const top = height - Math.ceil(((cell + 1) * height) / CELLS);
      pen.fillRect(left, top, right - left, Math.ceil(height / CELLS));
    });
  });
  pen.strokeStyle = colors.text;
  pen.strokeRect((chosen * width) / columns.length, 0.5, width / columns.length, height - 1);
  labelRange(pen, range, height, colors);
}

/** The bars lie on their side, so that their values line up with those of the heat map. */
function drawBars(canvas, { edges, counts }, [low, high]) {
  const { pen, width, height, colors } = prepare(canvas);
  const most = Math.max(...counts) || 1;
  const y = (value) => height - ((value - low) / (high - low)) * height;
  pen.fillStyle = colors.accent;
  counts.forEach((value, bin) => {
    const top = y(edges[bin + 1]);
    const thickness = Math.max(1, y(edges[bin]) - top - 1);
    pen.fillRect(0, top, (value / most) * width, thickness);
  });
}

function labelRange(pen, [low, high], height, colors) {
  pen.font = "11px system-ui, sans-serif";
  pen.lineWidth = 3;
  pen.strokeStyle = colors.panel;
  pen.fillStyle = colors.text;
  for (const [text, y] of [[number(high), 13], [number(low), height - 5]]) {
    pen.strokeText(text, 4, y);
    pen.fillText(text, 4, y);
  }
}

/** Fits the canvas to its place and the pixels of the screen. */
function prepare(canvas) {
  const ratio = devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const color = (name) => style.getPropertyValue(name).trim();
  return { pen, width, height, colors: { text: color("--text"), panel: color("--panel"), accent: color("--accent") } };
}
