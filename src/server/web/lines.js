// Prepares series for drawing and answers questions about their points.

import { smooth } from "./smooth.js";

/**
 * Makes a drawable line of a series `{id, label, color, x, last, min?, max?}`: `x` ascending and without gaps,
 * `raw` the values as logged, `y` the values to draw as the line.
 */
export function prepareLine(series, smoothing) {
  const order = orderOfPoints(series.x);
  const pick = (values) => (values && order ? order.map((index) => values[index]) : values ?? null);
  const raw = pick(series.last);
  return {
    id: series.id,
    label: series.label,
    color: series.color,
    x: pick(series.x),
    raw,
    y: smoothing > 0 ? smooth(raw, smoothing) : raw,
    min: pick(series.min),
    max: pick(series.max),
  };
}

/** The order in which to take the points, or null when they are fine as they are (the usual case: x grows). */
function orderOfPoints(x) {
  const isFine = x.every((value, index) => value !== null && (index === 0 || value >= x[index - 1]));
  if (isFine) return null;
  return [...x.keys()].filter((index) => x[index] !== null).sort((a, b) => x[a] - x[b]);
}

/** The first index whose x is at least `value`. */
export function lowerBound(x, value) {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the point nearest to `value`; `x` must not be empty. */
function nearestIndex(x, value) {
  const after = Math.min(lowerBound(x, value), x.length - 1);
  const before = Math.max(after - 1, 0);
  return value - x[before] <= x[after] - value ? before : after;
}

/** The indices `[first, end)` of the points within `range`, with one point more on each side so that lines reach the edge. */
export function indicesInRange(x, range) {
  if (!range) return [0, x.length];
  return [Math.max(0, lowerBound(x, range[0]) - 1), Math.min(x.length, lowerBound(x, range[1]) + 1)];
}

/**
 * The bounds of all points within `range` (null: everywhere) as `{x: [min, max], y: [min, max]}`, or null when there is
 * nothing to draw. Minima and maxima of sampled points count, so that no extreme is cut off.
 */
export function bounds(lines, { range, logX, logY }) {
  const x = [Infinity, -Infinity];
  const y = [Infinity, -Infinity];
  for (const line of lines) {
    for (let index = 0; index < line.x.length; index++) {
      const position = line.x[index];
      if ((logX && position <= 0) || (range && (position < range[0] || position > range[1]))) continue;
      let drawn = false;
      for (const values of [line.raw, line.min, line.max]) {
        const value = values?.[index] ?? null;
        if (value === null || (logY && value <= 0)) continue;
        widen(y, value);
        drawn = true;
      }
      if (drawn) widen(x, position);
    }
  }
  return x[0] > x[1] ? null : { x, y };
}

function widen(interval, value) {
  if (value < interval[0]) interval[0] = value;
  if (value > interval[1]) interval[1] = value;
}

/** All positions of the lines within `range`, ascending and without repeats: where the keyboard cursor can stand. */
export function positions(lines, range) {
  const all = new Set(lines.flatMap((line) => line.x));
  return [...all].filter((x) => !range || (x >= range[0] && x <= range[1])).sort((a, b) => a - b);
}

/**
 * The nearest point of each line to `x`: `[{line, index, value}]`, highest value first, gaps last. A line that begins or
 * ends further than `tolerance` away has no point there.
 */
export function pointsAt(lines, x, tolerance) {
  return lines
    .filter((line) => x >= line.x[0] - tolerance && x <= line.x.at(-1) + tolerance)
    .map((line) => ({ line, index: nearestIndex(line.x, x) }))
    .map(({ line, index }) => ({ line, index, value: line.raw[index] }))
    .sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity));
}
