// The overview tab: where, when and how the run was made, its notes, config and summary.

import { clear, h, link } from "./dom.js";
import { editable } from "./editable.js";
import { withoutInternals } from "./flatten.js";
import { absoluteTime, bytes, count, duration, stateBadge, timeElement } from "./format.js";
import { change } from "./run-header.js";
import { commandBlock, forkCommand, programCommand, rerunCommand, resumeCommand } from "./shell-commands.js";
import { renderTree } from "./tree.js";

export function open(panel, context) {
  const facts = h("div", { class: "facts" });
  const config = h("section", { "aria-label": "Config" });
  const summary = h("section", { "aria-label": "Summary" });
  const notes = editable({
    label: "notes",
    text: context.run.notes,
    multiline: true,
    readonly: context.readonly,
    show: (text) => h("p", { class: text ? "notes" : "notes muted" }, text || "No notes."),
    save: (text) => change(context, { notes: text }),
  });

  let drawnConfig = "";
  let drawnSummary = "";

  function draw() {
    const { run } = context;
    clear(facts).append(...factLists(context));
    notes.set(run.notes);
    // Redrawing a tree folds it and empties its search box, so this is done only for a real change.
    drawnConfig = redrawIfChanged(config, drawnConfig, withoutInternals(run.config), { title: "Config", emptyText: "This run has no config." });
    drawnSummary = redrawIfChanged(summary, drawnSummary, withoutInternals(run.summary), { title: "Summary", emptyText: "Nothing in the summary yet." });
  }

  panel.append(h("div", { class: "overview" },
    h("div", {}, h("h2", {}, "Notes"), notes.element, facts, h("h2", {}, "Go on with this run"), commands(context)),
    h("div", {}, h("h2", {}, "Config"), config, h("h2", {}, "Summary"), summary)));
  draw();
  return { changed: (what) => what.has("run") && draw() };
}

function redrawIfChanged(container, drawn, value, options) {
  const text = JSON.stringify(value);
  const searching = container.contains(document.activeElement);
  if (text === drawn || searching) return drawn;
  clear(container).append(renderTree(value, options));
  return text;
}

function factLists(context) {
  return [
    h("h2", {}, "Run"), factList(runFacts(context)),
    h("h2", {}, "Machine"), factList(machineFacts(context.run.metadata ?? {})),
    h("h2", {}, "Code"), factList(codeFacts(context.run.metadata ?? {})),
  ];
}

/** Facts without a value are left out. */
function factList(facts) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (known.length === 0) return h("p", { class: "muted" }, "Not recorded.");
  return h("dl", {}, known.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function runFacts({ run, projectPage }) {
  return [
    ["State", stateBadge(run.state)],
    ["Exit code", run.exit_code],
    ["ID", h("code", {}, run.id)],
    ["Group", run.group],
    ["Job type", run.job_type],
    ["User", run.user],
    ["Created", h("span", {}, timeElement(run.created), h("span", { class: "muted" }, ` ${absoluteTime(run.created)}`))],
    ["Runtime", duration(run.runtime)],
    ["Last heartbeat", timeElement(run.heartbeat)],
    ["Sweep", run.sweep && link(projectPage("sweeps", run.sweep), run.sweep)],
    ["Parent run", run.parent && h("span", {}, link(projectPage("runs", run.parent.run), run.parent.run), ` from step ${run.parent.step}`)],
    ["Logs", link(projectPage("runs", run.id, "logs"), count(run.log_lines, "line"))],
    ["Files", link(projectPage("runs", run.id, "files"), count(run.file_count, "file"))],
  ];
}

function machineFacts(metadata) {
  const { cpu_count: cores, cpu_count_logical: threads, memory, disk } = metadata;
  return [
    ["Host", metadata.host],
    ["User there", metadata.username],
    ["System", metadata.os],
    ["Python", metadata.python],
    ["CPU", cores && (threads && threads !== cores ? `${cores} cores, ${threads} threads` : count(cores, "core"))],
    ["GPU", gpus(metadata)],
    ["CUDA", metadata.cudaVersion],
    ["Memory", memory?.total && bytes(Number(memory.total))],
    ["Disk", disk?.["/"]?.total && bytes(Number(disk["/"].total))],
  ];
}

function gpus({ gpu, gpu_count: amount, gpu_nvidia: nvidia }) {
  const first = nvidia?.[0]?.name ?? gpu;
  return first && (amount > 1 ? `${amount} × ${first}` : first);
}

function codeFacts(metadata) {
  const { git, program, root, executable } = metadata;
  return [
    ["Command", program && h("code", {}, programCommand(metadata))],
    ["Directory", root && h("code", {}, root)],
    ["Interpreter", executable && h("code", {}, executable)],
    ["Git remote", git?.remote && remoteLink(git.remote)],
    ["Git commit", git?.commit && h("code", {}, git.commit)],
  ];
}

/** Only web addresses become links: a remote is whatever the run reported, `javascript:` included. */
function remoteLink(remote) {
  if (!/^https?:\/\//.test(remote)) return h("code", {}, remote);
  return link(remote, remote, { rel: "noreferrer noopener", target: "_blank" });
}

function commands({ entity, project, run }) {
  const steps = [
    ["Resume it: new steps are added to this run.", resumeCommand(entity, project, run)],
    ["Branch off: a new run that begins as a copy of this one.", forkCommand(entity, project, run)],
    ["Run the same again as a new run.", rerunCommand(entity, project, run)],
  ];
  return h("div", { class: "commands" }, steps.map(([text, command]) => [h("p", { class: "muted" }, text), commandBlock(command)]));
}
