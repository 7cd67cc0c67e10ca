// Lays a chart out: where the plot is, its scales and ticks.

import { makeScale, padBounds, ticks } from "./axes.js";
import { bounds } from "./lines.js";

const TOP = 8;
const RIGHT = 14;
const AXIS_LABEL = 15;
const TICK_LABEL = 18;

/**
 * The frame of a chart of `width` × `height` pixels: `{plot: {left, top, right, bottom}, x, y, xTicks, yTicks}`, or null
 * when no point can be drawn. `options` are those of the chart; `measure(text)` gives the width of a label.
 */
export function makeFrame(lines, options, width, height, measure) {
  const found = bounds(lines, options);
  if (!found) return null;
  const xBounds = options.range ?? padBounds(found.x, options.logX, 0);
  const yBounds = padBounds(found.y, options.logY, 0.05);

  const top = TOP;
  const bottom = Math.max(top + 10, height - TICK_LABEL - (options.xLabel ? AXIS_LABEL : 0));
  const y = makeScale({ min: yBounds[0], max: yBounds[1], log: options.logY, start: bottom, end: top });
  const yTicks = ticks(y, "number", Math.max(2, Math.floor((bottom - top) / 30)));

  const left = Math.ceil(Math.max(...yTicks.map(({ label }) => measure(label)), 12)) + 10;
  const right = Math.max(left + 10, width - RIGHT);
  // A log axis cannot begin at zero even when the reader zoomed to it.
  const xMin = options.logX && xBounds[0] <= 0 ? found.x[0] : xBounds[0];
  const x = makeScale({ min: xMin, max: xBounds[1], log: options.logX, start: left, end: right });
  const xTicks = ticks(x, options.xKind, Math.max(2, Math.floor((right - left) / 62)));
  return { plot: { left, top, right, bottom }, x, y, xTicks, yTicks };
}
