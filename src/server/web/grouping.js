// Joins the curves of several runs into one: their mean, with a band from the smallest to the largest value.

import { lowerBound } from "./lines.js";

const MOST_POINTS = 1000;

/**
 * `members` is a list of series `{x, last, min?, max?}`. Runs log at different positions, so between two points of a run
 * its value is taken to lie on the straight line; a run counts only from its first to its last point.
 */
export function meanSeries(members) {
  const x = commonPositions(members);
  const mean = [];
  const min = [];
  const max = [];
  for (const position of x) {
    const samples = members.map((member) => sampleAt(member, position)).filter((sample) => sample !== null);
    const middles = samples.map(({ middle }) => middle);
    const isGap = samples.length === 0;
    mean.push(isGap ? null : middles.reduce((sum, value) => sum + value, 0) / middles.length);
    min.push(isGap ? null : Math.min(...samples.map(({ low }) => low)));
    max.push(isGap ? null : Math.max(...samples.map(({ high }) => high)));
  }
  return { x, last: mean, min, max };
}

/** All positions of the members, thinned out evenly when they are too many to draw. */
function commonPositions(members) {
  const all = [...new Set(members.flatMap(({ x }) => x))].filter((x) => x !== null).sort((a, b) => a - b);
  if (all.length <= MOST_POINTS) return all;
  return Array.from({ length: MOST_POINTS }, (_, index) => all[Math.round((index * (all.length - 1)) / (MOST_POINTS - 1))]);
}

function sampleAt({ x, last, min, max }, position) {
  const after = lowerBound(x, position);
  if (after === x.length) return null;
  const before = x[after] === position ? after : after - 1;
  if (before < 0) return null;
  const share = before === after ? 0 : (position - x[before]) / (x[after] - x[before]);
  const between = (values) => {
    const [a, b] = [values[before], values[after]];
    return a === null || b === null ? null : a + (b - a) * share;
  };
  const middle = between(last);
  if (middle === null) return null;
  return { middle, low: (min && between(min)) ?? middle, high: (max && between(max)) ?? middle };
}
