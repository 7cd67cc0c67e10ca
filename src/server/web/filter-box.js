// The box for a filter expression; a mistake is shown where it is.

import { openDialog } from "./dialog.js";
import { clear, h } from "./dom.js";

const APPLY_AFTER_MS = 600;

const EXAMPLES = [
  ["resnet", "the name contains the word"],
  ["state == running", "also: failed, crashed, finished, killed"],
  ["config.lr < 0.01 and summary.acc > 0.9", "compare config and summary values"],
  ['name ~ "resnet.*"', "a regular expression"],
  ['"prod" in tags', "has the tag"],
  ['config.model in ["a", "b"]', "one of several values"],
  ["summary.acc exists", "has the key"],
  ["not (group == baseline or job_type == eval)", "and, or, not, parentheses"],
  ["summary.`val acc` > 0.5", "a key with spaces or signs"],
];

/** `onchange(text)` is called when the reader stops typing or presses Enter. */
export class FilterBox {
  #onchange;
  #applied;
  #timer = 0;
  #problem = h("div", { class: "filter-problem", id: "filter-problem", "aria-live": "polite" });
  #input;

  constructor(text, onchange) {
    this.#onchange = onchange;
    this.#applied = text;
    this.#input = h("input", {
      type: "search",
      value: text,
      placeholder: "Filter: config.lr < 0.01 and state == running",
      "aria-label": "Filter runs",
      "aria-describedby": "filter-problem",
      spellcheck: false,
      autocomplete: "off",
      dataset: { search: "" },
      oninput: () => this.#applySoon(),
      onkeydown: (event) => event.key === "Enter" && this.#apply(),
    });
    const help = h("button", { type: "button", class: "icon-button", "aria-label": "Help on filters", title: "Help on filters", onclick: showHelp }, "?");
    this.element = h("div", { class: "filter", role: "search" }, h("div", { class: "filter-line" }, this.#input, help), this.#problem);
  }

  set(text) {
    this.#input.value = text;
    this.#apply();
  }

  /** Shows what is wrong with the expression; null when nothing is. */
  showError(error) {
    this.#input.setAttribute("aria-invalid", String(error !== null));
    clear(this.#problem);
    if (!error) return;
    this.#problem.append(h("div", { class: "field-error" }, error.message));
    // The server counts characters, JavaScript halves of some.
    const characters = [...this.#applied];
    if (error.at === undefined || error.at === null) return;
    this.#problem.append(h("code", {},
      characters.slice(0, error.at).join(""),
      h("mark", {}, characters[error.at] ?? "⌴"),
      characters.slice(error.at + 1).join("")));
  }

  destroy() {
    clearTimeout(this.#timer);
  }

  #applySoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#apply(), APPLY_AFTER_MS);
  }

  #apply() {
    clearTimeout(this.#timer);
    const text = this.#input.value.trim();
    if (text === this.#applied) return;
    this.#applied = text;
    this.#onchange(text);
  }
}

function showHelp() {
  const rows = EXAMPLES.map(([example, meaning]) => h("tr", {}, h("td", {}, h("code", {}, example)), h("td", { class: "muted" }, meaning)));
  openDialog({ title: "Filters", body: h("table", {}, h("tbody", {}, rows)) });
}
