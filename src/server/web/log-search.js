// The search box of the logs: asks the server for matching lines, lists them, and steps through them.

import { ansiFragment, stripAnsi } from "./ansi.js";
import { get } from "./api.js";
import { clear, errorBox, h } from "./dom.js";
import { icon } from "./icons.js";

const MOST_LISTED = 500;
const TYPING_PAUSE_MS = 250;

/**
 * `show(number)` brings a line into view, `changed()` is called when `text` or `current` (the chosen line) is another.
 * Returns `{box, list, text, current, step(by), destroy()}`.
 */
export function logSearch({ address, show, changed }) {
  const input = h("input", {
    type: "search",
    placeholder: "Search the log",
    "aria-label": "Search the log",
    dataset: { search: "" },
    oninput: onInput,
    onkeydown: onKey,
  });
  const status = h("span", { class: "muted", role: "status" });
  const buttons = [["Previous match (N)", "↑", -1], ["Next match (n)", "↓", 1]].map(([label, sign, by]) =>
    h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, disabled: true, onclick: () => step(by) }, sign));
  const list = h("ol", { class: "log-matches", "aria-label": "Matching lines", hidden: true });
  const search = {
    box: h("div", { class: "log-search", role: "search" }, icon("search"), input, ...buttons, status),
    list,
    text: "",
    current: null,
    step,
    destroy: () => clearTimeout(timer),
  };

  let matches = [];
  let matchedLines = 0;
  let chosen = -1;
  let timer = 0;
  let asked = 0;

  function onInput() {
    clearTimeout(timer);
    timer = setTimeout(find, TYPING_PAUSE_MS);
  }

  function onKey(event) {
    if (event.key === "Escape" && input.value) {
      input.value = "";
      find();
    } else if (event.key === "Enter") {
      if (input.value.trim() === search.text) step(event.shiftKey ? -1 : 1);
      else find();
    }
  }

  async function find() {
    clearTimeout(timer);
    const mine = ++asked;
    const text = input.value.trim();
    try {
      const answer = text ? await get(address, { search: text, limit: MOST_LISTED }) : { lines: [], matched: 0 };
      if (mine === asked) showMatches(text, answer);
    } catch (error) {
      if (mine === asked) clear(status).append(errorBox(error));
    }
  }

  function showMatches(text, { lines, matched }) {
    matches = lines;
    search.text = text;
    matchedLines = matched;
    clear(list).append(...lines.map(matchItem));
    list.hidden = lines.length === 0;
    for (const button of buttons) button.disabled = lines.length === 0;
    choose(lines.length > 0 ? 0 : -1);
  }

  function matchItem({ n, text }, index) {
    return h("li", {}, h("button", { type: "button", onclick: () => choose(index) },
      h("span", { class: "log-number" }, n + 1),
      h("span", { class: "log-match-text" }, ansiFragment(stripAnsi(text), search.text))));
  }

  function step(by) {
    if (matches.length > 0) choose((chosen + by + matches.length) % matches.length);
  }

  function choose(index) {
    list.children[chosen]?.removeAttribute("aria-current");
    chosen = index;
    search.current = matches[index]?.n ?? null;
    status.textContent = statusText();
    changed();
    if (index < 0) return;
    list.children[index].setAttribute("aria-current", "true");
    keepInView(list, list.children[index]);
    show(search.current);
  }

  function statusText() {
    if (!search.text) return "";
    if (matches.length === 0) return "No line matches.";
    const cut = matchedLines > matches.length ? ` (of ${matchedLines.toLocaleString("en-US")} in all)` : "";
    return `${chosen + 1} of ${matches.length.toLocaleString("en-US")}${cut}`;
  }

  return search;
}

/** Like `scrollIntoView`, but never moves the page itself. */
function keepInView(list, item) {
  const above = item.offsetTop - list.scrollTop;
  if (above < 0) list.scrollTop = item.offsetTop;
  else if (above + item.offsetHeight > list.clientHeight) list.scrollTop = item.offsetTop + item.offsetHeight - list.clientHeight;
}
