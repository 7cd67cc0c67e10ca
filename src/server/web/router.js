// Shows the page module that belongs to the address and takes it down again when the reader moves on.

import { clear, errorBox, h } from "./dom.js";

let routes = [];
let onChange = () => {};
let cleanup = null;
let currentVisit = 0;
let shownAddress = "";

/**
 * `table` is a list of `{pattern, load, title}`: `pattern` is a list of segments, `:name` taking any text and a last
 * `:name?` being optional; `load()` imports the page module; `title(params)` names the document.
 * `changed(params)` is called before each page is rendered.
 */
export function start(table, changed) {
  routes = table;
  onChange = changed;
  document.addEventListener("click", interceptLink);
  addEventListener("popstate", () => {
    // Following a link to a place within the page, such as the skip link, is no move to another page.
    if (address() !== shownAddress) show({ moveFocus: true });
  });
  return show({ moveFocus: false });
}

/** Goes to an address whose content the caller shows itself. */
export function pushAddress(path) {
  history.pushState(null, "", path);
  shownAddress = address();
}

/** Goes to a page of this site. */
export function navigate(path) {
  pushAddress(path);
  return show({ moveFocus: true });
}

/** Changes the query of the address in place: for state of the view that a shared link should carry. */
export function replaceQuery(query) {
  history.replaceState(null, "", location.pathname + query);
  shownAddress = address();
}

function address() {
  return location.pathname + location.search;
}

async function show({ moveFocus }) {
  const visit = ++currentVisit;
  shownAddress = address();
  cleanup?.();
  cleanup = null;

  const { route, params } = match(location.pathname);
  const main = document.getElementById("main");
  document.title = `${route.title(params)} · wandb-rs`;
  onChange(params);
  clear(main).append(h("p", { class: "loading" }, "Loading…"));

  try {
    const page = await route.load();
    if (visit !== currentVisit) return;
    clear(main);
    const finish = await page.render(main, params);
    // The reader may have left while the page was loading; it is then already off the screen.
    if (visit !== currentVisit) finish?.();
    else cleanup = finish ?? null;
  } catch (error) {
    if (visit !== currentVisit) return;
    console.error(error);
    clear(main).append(h("h1", {}, "This page could not be shown"), errorBox(error));
  }
  if (moveFocus && visit === currentVisit) focusHeading(main);
}

function match(pathname) {
  const segments = decodeSegments(pathname);
  for (const route of segments ? routes : []) {
    const params = matchPattern(route.pattern, segments);
    if (params) return { route, params };
  }
  return { route: routes.at(-1), params: {} };
}

/** The decoded segments of a path, or null when its percent-encoding is broken. */
function decodeSegments(pathname) {
  try {
    return pathname.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return null;
  }
}

function matchPattern(pattern, segments) {
  if (segments.length > pattern.length) return null;
  const params = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index];
    if (!part.startsWith(":")) {
      if (segment !== part) return null;
    } else if (segment !== undefined) {
      params[part.slice(1).replace("?", "")] = segment;
    } else if (!part.endsWith("?")) {
      return null;
    }
  }
  return params;
}

function interceptLink(event) {
  const anchor = event.target.closest?.("a[href]");
  const plainClick = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!anchor || !plainClick || event.defaultPrevented || anchor.target || anchor.hasAttribute("download")) return;
  const url = new URL(anchor.href);
  if (url.origin !== location.origin || url.pathname.startsWith("/-/")) return;
  if (url.hash && url.pathname === location.pathname) return;
  event.preventDefault();
  navigate(url.pathname + url.search + url.hash);
}

function focusHeading(main) {
  const heading = main.querySelector("h1") ?? main;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}
