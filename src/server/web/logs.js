// The logs tab: what the run printed, followed live while it runs.

import { ansiFragment } from "./ansi.js";
import { emptyState, h } from "./dom.js";
import { toast } from "./dialog.js";
import { count } from "./format.js";
import { LogPages, wholeLog } from "./log-pages.js";
import { logSearch } from "./log-search.js";
import { logView } from "./log-view.js";
import { load, save } from "./store.js";

export function open(panel, context) {
  const address = context.api("logs");
  const options = { times: load("log-times", false), wrap: load("log-wrap", false) };
  let linked = linkedLine();

  const lineCount = h("span", { class: "muted" });
  const toEnd = h("button", { type: "button", onclick: () => view.showEnd() }, "Go to the end");
  const pages = new LogPages(address, context.run.log_lines, drawLines);
  const search = logSearch({ address, show: (number) => view.showLine(number), changed: () => view.draw() });
  const view = logView({
    lineCount: () => pages.total,
    rowKey: (number) => JSON.stringify([pages.line(number), search.text, options.times, number === search.current, number === linked]),
    makeRow: (number) => logRow(number, pages.line(number), {
      times: options.times,
      search: search.text,
      chosen: number === search.current || number === linked,
      choose: linkTo,
    }),
    followed: (yes) => (toEnd.hidden = yes),
  });

  const box = h("div", { class: "log-box" },
    h("div", { class: "toolbar" },
      search.box,
      toggle("Times", "times", () => view.draw()),
      toggle("Wrap lines", "wrap", () => view.setWrap(options.wrap)),
      toEnd,
      h("button", { type: "button", onclick: download }, "Download"),
      lineCount),
    search.list,
    view.element);
  const nothing = emptyState("Nothing has been printed yet.");
  panel.append(box, nothing);

  function drawLines() {
    lineCount.textContent = count(pages.total, "line");
    box.hidden = pages.total === 0;
    nothing.hidden = !box.hidden;
    view.draw();
  }

  function toggle(label, option, changed) {
    const button = h("button", { type: "button", "aria-pressed": options[option], onclick: flip }, label);
    function flip() {
      options[option] = !options[option];
      save(`log-${option}`, options[option]);
      button.setAttribute("aria-pressed", String(options[option]));
      changed();
    }
    return button;
  }

  /** Puts the line into the address, without a visit of its own: the router would render the page anew. */
  function linkTo(event, number) {
    event.preventDefault();
    linked = number;
    history.replaceState(null, "", `#L${number + 1}`);
    view.draw();
  }

  async function download() {
    try {
      const href = URL.createObjectURL(await wholeLog(address));
      h("a", { href, download: `${context.run.id}.log` }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
    } catch (error) {
      toast(error.message);
    }
  }

  function onKey(event) {
    const typing = event.target.matches?.("input, textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") search.step(1);
    else if (event.key === "N") search.step(-1);
  }

  document.addEventListener("keydown", onKey);
  view.setWrap(options.wrap);
  drawLines();
  if (linked !== null) view.showLine(Math.min(linked, pages.total - 1));
  // Of a run that goes on or went wrong, the last lines are the interesting ones.
  else if (context.run.state !== "finished") view.showEnd();

  return {
    changed: (what) => what.has("logs") && pages.refresh(),
    close() {
      document.removeEventListener("keydown", onKey);
      search.destroy();
      view.destroy();
    },
  };
}

/** The line that the address points to, counted from 0, or null. */
function linkedLine() {
  const number = Number(/^#L(\d+)$/.exec(location.hash)?.[1]);
  return number >= 1 ? number - 1 : null;
}

/** `line` is undefined while it is being fetched. */
function logRow(number, line, { times, search, chosen, choose }) {
  const stderr = line?.level === "error";
  const row = h("div", { class: ["log-row", stderr && "log-stderr", chosen && "log-chosen"].filter(Boolean).join(" ") },
    h("a", { class: "log-number", href: `#L${number + 1}`, tabindex: "-1", onclick: (event) => choose(event, number) }, number + 1),
    times && h("span", { class: "log-time", title: line?.time }, (line?.time ?? "").slice(11, 23)),
    stderr && h("span", { class: "visually-hidden log-mark" }, "stderr: "));
  const text = h("span", { class: "log-text" });
  text.append(line ? ansiFragment(line.text, search) : "…");
  row.append(text);
  return row;
}
