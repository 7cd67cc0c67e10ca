// Remembers choices of the reader in the browser. Storage may be full or forbidden: then choices last for the page only.

const PREFIX = "wandb-rs:";

export function load(key, fallback) {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

export function save(key, value) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Nothing to do: the choice still holds until the page is left.
  }
}
