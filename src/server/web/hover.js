// What the pointer is on, shared by all charts and tables of a page: a position on an x axis, a run, or both.

const listeners = new Set();

/** `axis` names the x axis, so that only charts with the same one follow; `source` is the chart the pointer is in. */
export const hover = { source: null, axis: null, x: null, run: null };

export function setHover(change) {
  Object.assign(hover, { source: null, axis: null, x: null, run: null }, change);
  for (const listener of listeners) listener(hover);
}

/** Returns the function that ends the subscription. */
export function onHover(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
