// Builds DOM nodes. Strings always become text nodes, so no name, note or key that a user made can turn into markup.

/**
 * Makes an element: `h("button", {class: "primary", onclick: save, "aria-label": "Save"}, "Save")`.
 * Children may be nodes, strings, numbers, nested arrays; null, undefined and false are left out.
 */
export function h(tag, attrs, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs ?? {})) setAttribute(node, name, value);
  append(node, children);
  return node;
}

function setAttribute(node, name, value) {
  if (value === undefined || value === null) return;
  if (name === "class") node.className = value;
  else if (name === "dataset") Object.assign(node.dataset, value);
  else if (name === "style") Object.assign(node.style, value);
  else if (name.startsWith("on") && typeof value === "function") node.addEventListener(name.slice(2), value);
  else if (name.startsWith("aria-")) node.setAttribute(name, String(value));
  else if (name in node && !READ_ONLY.has(name)) node[name] = value;
  else if (value === true) node.setAttribute(name, "");
  else if (value !== false) node.setAttribute(name, String(value));
}

// These exist as properties but can only be set as attributes.
const READ_ONLY = new Set(["list", "form"]);

function append(node, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(node, child);
    else node.append(child);
  }
}

/** Removes all children; returns the node so that calls can be chained. */
export function clear(node) {
  node.replaceChildren();
  return node;
}

/**
 * Replaces the children. When the focus was on one of them it goes to the new control with the same `data-focus`, label or
 * text, so that a page which is drawn again and again can be used with the keyboard.
 */
export function redraw(node, ...children) {
  const focused = node.contains(document.activeElement) ? controlName(document.activeElement) : null;
  append(clear(node), children);
  if (focused === null) return;
  const successor = [...node.querySelectorAll("a, button, input, select")].find((control) => controlName(control) === focused);
  successor?.focus({ preventScroll: true });
}

function controlName(control) {
  return control.dataset.focus ?? control.getAttribute("aria-label") ?? control.textContent;
}

export function link(href, text, attrs) {
  return h("a", { href, ...attrs }, text);
}

/** A message for an empty list: what is missing and, as further children, what to do about it. */
export function emptyState(title, ...children) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), ...children);
}

/** A message for something that failed, announced to screen readers. */
export function errorBox(error) {
  return h("div", { class: "error-box", role: "alert" }, error.message ?? String(error));
}
