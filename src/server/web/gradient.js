// The colour scale for values between a lowest and a highest: from violet over green to yellow, each a little lighter
// than the one before, so that it can be read without seeing hues.

const STOPS = [[118, 88, 206], [52, 120, 206], [22, 152, 150], [96, 186, 84], [214, 170, 30]];
const UNKNOWN = "rgb(140 146 154)";

/** `t` from 0 to 1; null gives the grey of a missing value. */
export function gradientColor(t) {
  if (t === null || Number.isNaN(t)) return UNKNOWN;
  return `rgb(${gradientChannels(t).join(" ")})`;
}

export function gradientChannels(t) {
  const place = Math.max(0, Math.min(1, t)) * (STOPS.length - 1);
  const index = Math.min(STOPS.length - 2, Math.floor(place));
  return STOPS[index].map((from, channel) => Math.round(from + (STOPS[index + 1][channel] - from) * (place - index)));
}
