// Nested config and summary values as flat lists of named leaves, the way filters and columns name them.

/**
 * `{model: {depth: 2}}` → `[["model.depth", 2]]`. Arrays and empty objects are leaves, as they are for the server.
 */
export function flatten(object, prefix = "") {
  return Object.entries(object ?? {}).flatMap(([key, value]) => {
    const name = prefix + key;
    return isBranch(value) ? flatten(value, `${name}.`) : [[name, value]];
  });
}

/** Config or summary without what the client library keeps there for itself. */
export function withoutInternals(object) {
  return Object.fromEntries(Object.entries(object ?? {}).filter(([key]) => key !== "_wandb"));
}

function isBranch(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}

/** NaN and the infinities are logged as strings, as JSON has no other way to write them. */
export function asNumber(value) {
  if (value === "NaN") return NaN;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  return typeof value === "number" ? value : null;
}
