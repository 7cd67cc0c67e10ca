// Scales (value ↔ pixel) and the ticks of an axis.

import { duration, number } from "./format.js";

/** A linear or logarithmic scale from `min..max` to the pixels `start..end`. A log scale needs positive bounds. */
export function makeScale({ min, max, log, start, end }) {
  const forward = log ? Math.log10 : (value) => value;
  const backward = log ? (value) => 10 ** value : (value) => value;
  const low = forward(min);
  const perUnit = (end - start) / (forward(max) - low);
  return {
    min,
    max,
    log,
    toPixel: (value) => start + (forward(value) - low) * perUnit,
    toValue: (pixel) => backward(low + (pixel - start) / perUnit),
  };
}

/**
 * Widens bounds for drawing: an empty interval gets a width, and `padding` (a share of the width) is added at both ends.
 */
export function padBounds([min, max], log, padding) {
  if (log) {
    const [low, high] = padBounds([Math.log10(min), Math.log10(max)], false, padding);
    return [10 ** low, 10 ** high];
  }
  if (min === max) {
    const half = Math.abs(min) * 0.05 || 0.5;
    return [min - half, max + half];
  }
  const extra = (max - min) * padding;
  return [min - extra, max + extra];
}

/** Ticks as `[{value, label}]`; `kind` is "number", "duration" (seconds) or "time" (Unix seconds). */
export function ticks(scale, kind, wanted) {
  if (scale.log && scale.max / scale.min >= 10) return logTicks(scale, kind, wanted);
  if (kind === "number") return linearTicks(scale, wanted);
  return timeTicks(scale, kind, wanted);
}

function linearTicks({ min, max }, wanted) {
  const step = niceStep((max - min) / wanted);
  return multiples(min, max, step).map((value) => ({ value, label: tickLabel(value, step) }));
}

/** The smallest of 1, 2, 5 × 10ⁿ that is at least `rough`. */
function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) * power;
}

function multiples(min, max, step, offset = 0) {
  const values = [];
  const first = Math.ceil((min - offset) / step - 1e-9);
  for (let index = first; index * step + offset <= max + step * 1e-9; index++) values.push(index * step + offset);
  return values;
}

function logTicks({ min, max }, kind, wanted) {
  const low = Math.floor(Math.log10(min));
  const high = Math.ceil(Math.log10(max));
  const every = Math.max(1, Math.ceil((high - low) / wanted));
  // Over few decades 2 and 5 fit as well.
  const factors = max / min < 200 ? [1, 2, 5] : [1];
  const found = [];
  for (let exponent = low; exponent <= high; exponent += every) {
    for (const factor of factors) {
      const value = factor * 10 ** exponent;
      if (value >= min * 0.999 && value <= max * 1.001) found.push({ value, label: kind === "duration" ? duration(value) : tickLabel(value, value) });
    }
  }
  return found;
}

const SI = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** A short label that tells ticks `step` apart: `0.05`, `12k`, `3e-7`. */
function tickLabel(value, step) {
  if (Math.abs(value) < step * 1e-6) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e15) {
    const digits = Math.max(0, Math.floor(Math.log10(size)) - Math.floor(Math.log10(step)));
    return value.toExponential(Math.min(digits, 6)).replace(/\.0+e/, "e").replace("e+", "e");
  }
  const [divisor, suffix] = SI.find(([limit]) => size >= limit) ?? [1, ""];
  const decimals = Math.max(0, -Math.floor(Math.log10(step / divisor) + 1e-9));
  return Number((value / divisor).toFixed(Math.min(decimals, 12))) + suffix;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const TIME_STEPS = [
  1, 2, 5, 10, 15, 30,
  MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
  DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 365 * DAY,
];

function timeTicks({ min, max }, kind, wanted) {
  const rough = (max - min) / wanted;
  const step = rough < 1 ? niceStep(rough) : TIME_STEPS.find((size) => size >= rough) ?? niceStep(rough / DAY) * DAY;
  // Ticks of wall time fall on round hours and midnights of the reader's time zone.
  const offset = kind === "time" ? new Date(min * 1000).getTimezoneOffset() * 60 : 0;
  const label = kind === "time" ? clockLabel : durationLabel;
  return multiples(min, max, step, offset).map((value) => ({ value, label: label(value, step) }));
}

function clockLabel(value, step) {
  const date = new Date(value * 1000);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  if (step >= DAY || isMidnight) return date.toLocaleDateString(undefined, { month: "short", day: "numeric" });
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: step < MINUTE ? "2-digit" : undefined, hourCycle: "h23" });
}

function durationLabel(value, step) {
  if (value === 0) return "0";
  const [size, unit] = step >= DAY ? [DAY, "d"] : step >= HOUR / 2 ? [HOUR, "h"] : step >= MINUTE / 2 ? [MINUTE, "m"] : [1, "s"];
  return number(value / size) + unit;
}
