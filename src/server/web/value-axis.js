// Places values on an axis from 0 to 1: numbers evenly or by their logarithm, anything else as categories.

import { asNumber } from "./flatten.js";
import { compareNames, number, value as valueText } from "./format.js";

const MOST_TICKS = 6;
// A category axis with more would be unreadable.
const MOST_CATEGORIES = 30;
const LOG_FROM = 30;

/**
 * `values` are those of all runs, undefined where a run has none. `scale` is "linear", "log" or "auto" (log where the
 * largest value is many times the smallest).
 * Returns `{place(value) → 0…1 or null, valueAt(t), ticks: [{at, label}], text(value)}`.
 */
export function makeAxis(values, scale = "auto") {
  const present = values.filter((value) => value !== undefined && value !== null);
  const numbers = present.map(asNumber);
  if (present.length > 0 && numbers.every((size) => size !== null)) return numberAxis(numbers.filter(Number.isFinite), scale);
  return categoryAxis(present);
}

function numberAxis(numbers, scale) {
  let low = Math.min(...numbers);
  let high = Math.max(...numbers);
  if (numbers.length === 0) [low, high] = [0, 1];
  const log = low > 0 && (scale === "log" || (scale === "auto" && high / low >= LOG_FROM));
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
  const [to, from] = log ? [Math.log10, (power) => 10 ** power] : [(same) => same, (same) => same];
  const [start, end] = [to(low), to(high)];
  const place = (value) => {
    const size = asNumber(value);
    return size === null || !Number.isFinite(size) || (log && size <= 0) ? null : (to(size) - start) / (end - start);
  };
  const tickValues = log ? logTicks(start, end) : linearTicks(low, high);
  return {
    place,
    valueAt: (t) => from(start + t * (end - start)),
    ticks: tickValues.map((value) => ({ at: place(value), label: number(value) })),
    text: (value) => number(asNumber(value) ?? undefined),
  };
}

/** Multiples of 1, 2 or 5 times a power of ten. */
function linearTicks(low, high) {
  const rough = (high - low) / MOST_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let index = Math.ceil(low / step); index * step <= high + step * 1e-9; index++) ticks.push(Number((index * step).toPrecision(12)));
  return ticks;
}

function logTicks(start, end) {
  const every = Math.max(1, Math.ceil((end - start) / MOST_TICKS));
  const ticks = [];
  for (let power = Math.ceil(start - 1e-9); power <= end + 1e-9; power += every) ticks.push(10 ** power);
  return ticks.length >= 2 ? ticks : [10 ** start, 10 ** end];
}

function categoryAxis(present) {
  const names = [...new Set(present.map(valueText))].sort(compareNames);
  const at = (index) => (names.length > 1 ? index / (names.length - 1) : 0.5);
  const places = new Map(names.map((name, index) => [name, at(index)]));
  return {
    place: (value) => (value === undefined || value === null ? null : places.get(valueText(value)) ?? null),
    valueAt: (t) => names[Math.round(t * (names.length - 1))],
    ticks: names.slice(0, MOST_CATEGORIES).map((label, index) => ({ at: at(index), label })),
    text: valueText,
  };
}
