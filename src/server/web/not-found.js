// The page for an address that belongs to nothing.

import { h, link } from "./dom.js";

export function render(main) {
  main.append(h("section", { class: "page narrow" },
    h("h1", {}, "There is no such page"),
    h("p", {}, "Nothing is at ", h("code", {}, location.pathname), ". Addresses look like these:"),
    h("ul", {},
      h("li", {}, h("code", {}, "/{entity}/{project}"), " – the runs and charts of a project"),
      h("li", {}, h("code", {}, "/{entity}/{project}/runs/{id}"), " – one run"),
      h("li", {}, h("code", {}, "/{entity}/{project}/artifacts"), " – its artifacts")),
    h("p", {}, link("/", "See all projects"))));
}
