// The bar at the top of every page: where you are, the mode of the server, the theme, logging out.

import { pagePath, path, post } from "./api.js";
import { clear, h, link } from "./dom.js";
import { icon } from "./icons.js";
import { load, save } from "./store.js";

/** `session` is null on the login page and when the server does not answer. */
export function renderHeader(header, params, session) {
  clear(header).append(
    breadcrumb(params),
    h("div", { class: "header-tools" },
      session && modeLabel(session),
      session?.user && h("span", { class: "muted header-user" }, session.user),
      h("button", { type: "button", class: "icon-button", "aria-label": "Switch between light and dark", title: "Light or dark", onclick: switchTheme }, icon("theme")),
      session?.mode === "server" && h("button", { type: "button", class: "quiet", onclick: logOut }, "Log out")));
}

function breadcrumb({ entity, project, run, collection, sweep }) {
  const steps = [link("/", "wandb-rs", { class: "brand" })];
  if (entity) steps.push(link(pagePath(entity), entity));
  if (project) steps.push(link(pagePath(entity, project), project));
  if (run) steps.push(link(pagePath(entity, project, "runs", run), run));
  if (collection) steps.push(link(pagePath(entity, project, "artifacts", collection), collection));
  if (sweep) steps.push(link(pagePath(entity, project, "sweeps", sweep), sweep));
  steps.at(-1).setAttribute("aria-current", "page");
  return h("nav", { "aria-label": "Breadcrumb" }, h("ol", { class: "breadcrumb" }, steps.map((step) => h("li", {}, step))));
}

function modeLabel({ mode, directory, readonly }) {
  const text = mode === "local" ? "local files" : "server";
  const title = mode === "local" ? `Reads the run directories below ${directory ?? "this machine"}` : "Runs stored by this server";
  return h("span", { class: "chip", title }, readonly ? `${text}, read only` : text);
}

function switchTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const theme = load("theme", root.dataset.theme ?? system) === "dark" ? "light" : "dark";
  root.dataset.theme = theme;
  save("theme", theme);
  // Canvases read the colours when they draw, so they must hear of the change.
  dispatchEvent(new Event("themechange"));
}

async function logOut() {
  await post(path("logout"));
  location.assign("/login");
}
