// Draws a chart on a canvas. The base layer has axes, bands and lines; the overlay has what follows the pointer.

import { indicesInRange } from "./lines.js";

export const FONT = "11px system-ui, sans-serif";
const TAU = 2 * Math.PI;

/** The colours of the theme in force where `element` stands. */
export function themeOf(element) {
  const style = getComputedStyle(element);
  const color = (name) => style.getPropertyValue(name).trim();
  return { text: color("--text"), muted: color("--muted"), grid: color("--line"), panel: color("--panel"), accent: color("--accent") };
}

export function paintBase(ctx, frame, lines, options, theme) {
  paintAxes(ctx, frame, options, theme);
  clipped(ctx, frame.plot, () => {
    for (const line of lines) paintBand(ctx, frame, line);
    for (const line of lines) {
      if (line.y !== line.raw) paintLine(ctx, frame, line, line.raw, { width: 1, alpha: 0.25 });
    }
    for (const line of lines) paintLine(ctx, frame, line, line.y, { width: 1.6, alpha: 1 });
  });
}

/**
 * `cursorX` is the position of the crosshair (null: none), `points` the points it marks, `highlight` the id of the line
 * to bring out, `selection` the pixels `[from, to]` that are being dragged over.
 */
export function paintOverlay(ctx, frame, lines, { cursorX, points, highlight, selection }, theme) {
  clipped(ctx, frame.plot, () => {
    const line = lines.find(({ id }) => id === highlight);
    if (line) paintLine(ctx, frame, line, line.y, { width: 2.6, alpha: 1 });
    if (selection) paintSelection(ctx, frame.plot, selection, theme);
    if (cursorX !== null) paintCrosshair(ctx, frame, cursorX, theme);
  });
  if (cursorX !== null) for (const { line, index } of points) paintMarker(ctx, frame, line, index, theme);
}

function paintAxes(ctx, { plot, x, y, xTicks, yTicks }, { xLabel }, theme) {
  ctx.font = FONT;
  ctx.lineWidth = 1;
  ctx.strokeStyle = theme.grid;
  ctx.fillStyle = theme.muted;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const { value, label } of yTicks) {
    const at = crisp(y.toPixel(value));
    strokeSegment(ctx, plot.left, at, plot.right, at);
    ctx.fillText(label, plot.left - 6, at);
  }
  ctx.textBaseline = "top";
  for (const { value, label } of xTicks) {
    const at = crisp(x.toPixel(value));
    strokeSegment(ctx, at, plot.bottom, at, plot.bottom + 4);
    // The labels at the ends would be cut off if they were centred.
    const half = ctx.measureText(label).width / 2;
    ctx.textAlign = at + half > plot.right + 12 ? "right" : "center";
    ctx.fillText(label, ctx.textAlign === "right" ? plot.right + 12 : at, plot.bottom + 6);
  }
  ctx.strokeStyle = theme.muted;
  strokeSegment(ctx, plot.left, crisp(plot.bottom), plot.right, crisp(plot.bottom));
  ctx.textAlign = "right";
  if (xLabel) ctx.fillText(xLabel, plot.right, plot.bottom + 20, plot.right - plot.left);
}

/** The span between the smallest and the largest value of each sampled point. */
function paintBand(ctx, frame, line) {
  if (!line.min || !line.max) return;
  ctx.fillStyle = ctx.strokeStyle = line.color;
  ctx.lineWidth = 0.6;
  ctx.globalAlpha = 0.22;
  for (const [first, end] of stretches(frame, line.x, line.max)) {
    ctx.beginPath();
    for (let index = first; index < end; index++) ctx.lineTo(frame.x.toPixel(line.x[index]), pixelY(frame, line.max[index]));
    for (let index = end - 1; index >= first; index--) ctx.lineTo(frame.x.toPixel(line.x[index]), pixelY(frame, line.min[index]));
    ctx.fill();
    // A single outlier makes a sliver too thin to see without its outline.
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

function paintLine(ctx, frame, line, values, { width, alpha }) {
  ctx.strokeStyle = ctx.fillStyle = line.color;
  ctx.lineWidth = width;
  ctx.lineJoin = "round";
  ctx.globalAlpha = alpha;
  for (const [first, end] of stretches(frame, line.x, values)) {
    ctx.beginPath();
    if (end - first === 1) {
      // A lone point has no length; without a dot it could not be seen.
      ctx.arc(frame.x.toPixel(line.x[first]), frame.y.toPixel(values[first]), width + 1, 0, TAU);
      ctx.fill();
      continue;
    }
    for (let index = first; index < end; index++) ctx.lineTo(frame.x.toPixel(line.x[index]), frame.y.toPixel(values[index]));
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

/** The index intervals `[first, end)` of neighbouring points that can be drawn: gaps and, on log axes, values ≤ 0 part them. */
function* stretches({ x, y }, positions, values) {
  const [begin, end] = indicesInRange(positions, [x.min, x.max]);
  let first = -1;
  for (let index = begin; index < end; index++) {
    const canDraw = values[index] !== null && !(y.log && values[index] <= 0) && !(x.log && positions[index] <= 0);
    if (canDraw && first < 0) first = index;
    if (!canDraw && first >= 0) {
      yield [first, index];
      first = -1;
    }
  }
  if (first >= 0) yield [first, end];
}

/** On a log axis the lower edge of a band may be ≤ 0: it then lies below the plot. */
function pixelY({ y, plot }, value) {
  return value === null || (y.log && value <= 0) ? plot.bottom + 1 : y.toPixel(value);
}

function paintCrosshair(ctx, { plot, x }, cursorX, theme) {
  const at = crisp(x.toPixel(cursorX));
  ctx.strokeStyle = theme.muted;
  ctx.lineWidth = 1;
  ctx.setLineDash([3, 3]);
  strokeSegment(ctx, at, plot.top, at, plot.bottom);
  ctx.setLineDash([]);
}

function paintMarker(ctx, { plot, x, y }, line, index, theme) {
  const value = line.y[index];
  if (value === null || (y.log && value <= 0) || (x.log && line.x[index] <= 0)) return;
  const atX = x.toPixel(line.x[index]);
  const atY = y.toPixel(value);
  if (atX < plot.left - 1 || atX > plot.right + 1) return;
  ctx.beginPath();
  ctx.arc(atX, atY, 3, 0, TAU);
  ctx.fillStyle = line.color;
  ctx.fill();
  ctx.strokeStyle = theme.panel;
  ctx.lineWidth = 1;
  ctx.stroke();
}

function paintSelection(ctx, plot, [from, to], theme) {
  ctx.fillStyle = theme.accent;
  ctx.globalAlpha = 0.18;
  ctx.fillRect(Math.min(from, to), plot.top, Math.abs(to - from), plot.bottom - plot.top);
  ctx.globalAlpha = 1;
}

function clipped(ctx, plot, draw) {
  ctx.save();
  ctx.beginPath();
  // Lines at the very edge keep their full width.
  ctx.rect(plot.left - 2, plot.top - 4, plot.right - plot.left + 4, plot.bottom - plot.top + 6);
  ctx.clip();
  draw();
  ctx.restore();
}

function strokeSegment(ctx, x1, y1, x2, y2) {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

/** One-pixel lines are sharp only in the middle of a pixel. */
function crisp(pixel) {
  return Math.round(pixel - 0.5) + 0.5;
}
