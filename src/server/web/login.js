// The login page of a server: asks for the API key.

import { path, post } from "./api.js";
import { h } from "./dom.js";

export function render(main) {
  const key = h("input", { type: "password", id: "api-key", name: "key", required: true, autocomplete: "current-password", "aria-describedby": "key-help key-error" });
  const problem = h("p", { id: "key-error", class: "field-error", role: "alert" });
  const submit = h("button", { class: "primary" }, "Log in");

  const logIn = async (event) => {
    event.preventDefault();
    submit.disabled = true;
    problem.textContent = "";
    try {
      await post(path("login"), { key: key.value.trim() });
      // A full load, so that nothing of the time before login is kept.
      location.assign(nextPage());
    } catch (error) {
      problem.textContent = error.message;
      key.focus();
      key.select();
    } finally {
      submit.disabled = false;
    }
  };

  main.append(h("section", { class: "page narrow card" },
    h("h1", {}, "Log in"),
    h("form", { onsubmit: logIn },
      h("label", { htmlFor: "api-key" }, "API key"),
      key,
      h("p", { id: "key-help", class: "muted" }, "The server printed the key when it first started."),
      problem,
      submit)));
  key.focus();
}

/** The page that was asked for before the login; only a path of this site, never another host. */
function nextPage() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  const url = new URL(next, location.origin);
  return url.origin === location.origin ? url.pathname + url.search : "/";
}
