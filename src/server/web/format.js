// Turns values into short text for people: numbers, durations, times, sizes, states.

import { h } from "./dom.js";

/** Four significant digits; an exponent when the number is very small or very large. */
export function number(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}

/** The full precision of a number, for titles and tooltips. */
export function exact(value) {
  return value === null || value === undefined ? "not a number" : String(value);
}

/** Any config or summary value as one line of text. */
export function value(anything) {
  if (anything === null || anything === undefined) return "–";
  if (typeof anything === "number") return number(anything);
  if (typeof anything === "object") return JSON.stringify(anything);
  return String(anything);
}

/** `3.2` → `3.2s`, `75` → `1m 15s`, `90061` → `1d 1h`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 0) return `-${duration(-seconds)}`;
  if (seconds < 10) return `${Number(seconds.toFixed(1))}s`;
  const whole = Math.round(seconds);
  const units = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]];
  const first = units.findIndex(([, size]) => whole >= size);
  return units.slice(first, first + 2)
    .map(([unit, size], index) => [Math.floor((index ? whole % units[first][1] : whole) / size), unit])
    .filter(([amount], index) => index === 0 || amount > 0)
    .map(([amount, unit]) => amount + unit)
    .join(" ");
}

export function bytes(size) {
  if (size === null || size === undefined) return "–";
  if (size < 1000) return `${size} B`;
  const power = Math.min(Math.floor(Math.log10(size) / 3), 5);
  return `${Number((size / 1000 ** power).toPrecision(3))} ${["B", "kB", "MB", "GB", "TB", "PB"][power]}`;
}

export function absoluteTime(seconds) {
  if (!seconds) return "–";
  return new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

function relativeTime(seconds, now = Date.now() / 1000) {
  if (!seconds) return "–";
  const age = now - seconds;
  if (Math.abs(age) < 10) return "just now";
  const units = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, size]) => Math.abs(age) >= size);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.round(age / size), unit);
}

/** Orders names as people do: `layer2` before `layer10`. */
export const compareNames = new Intl.Collator("en", { numeric: true }).compare;

/** A `<time>` that reads "3 hours ago" and shows the exact time on hover. */
export function timeElement(seconds) {
  if (!seconds) return h("span", { class: "muted" }, "–");
  const dateTime = new Date(seconds * 1000).toISOString();
  return h("time", { dateTime, title: absoluteTime(seconds) }, relativeTime(seconds));
}

/** `count(1, "run")` → `1 run`; `count(1200, "run")` → `1,200 runs`. */
export function count(amount, noun) {
  return `${amount.toLocaleString("en-US")} ${noun}${amount === 1 ? "" : "s"}`;
}

/** The state of a run as a dot and a word, so that colour is never the only sign. */
export function stateBadge(state) {
  return h("span", { class: `state state-${STATES.has(state) ? state : "unknown"}` }, state);
}

const STATES = new Set(["running", "finished", "failed", "crashed", "killed", "pending", "preempted", "preempting"]);
