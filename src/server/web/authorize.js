// The page that `wandb login` sends people to: how to connect a machine to this server.

import { get, path } from "./api.js";
import { h } from "./dom.js";
import { commandBlock } from "./shell-commands.js";

export async function render(main) {
  const { key_hint: hint, base_url: url } = await get(path("key"));
  main.append(h("section", { class: "page narrow card" },
    h("h1", {}, "Connect a machine"),
    h("p", {}, "Your API key is ", h("code", {}, hint), ". It is never shown in full here; it was printed when the server first started."),
    h("h2", {}, "With this program"),
    commandBlock(`wandb-rs login --host ${url}`),
    h("h2", {}, "With the wandb package for Python"),
    commandBlock(`wandb login --host ${url}`),
    h("p", { class: "muted" }, "Or set ", h("code", {}, "WANDB_BASE_URL"), " and ", h("code", {}, "WANDB_API_KEY"), " in the environment.")));
}
