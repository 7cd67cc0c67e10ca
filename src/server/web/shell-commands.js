// Shell commands that the pages offer for copying.

import { h } from "./dom.js";
import { copyButton } from "./tree.js";

/** The command that the run was started with, as it would be typed into a shell. */
export function programCommand({ program, args = [], executable }) {
  if (!program) return "COMMAND";
  const words = program.endsWith(".py") ? [executable?.split("/").at(-1) ?? "python", program] : [program];
  return [...words, ...args].map(quote).join(" ");
}

export function resumeCommand(entity, project, run) {
  return `${runCommand(entity, project)} --id ${quote(run.id)} --resume must -- ${programCommand(run.metadata ?? {})}`;
}

export function forkCommand(entity, project, run) {
  const step = run.summary?._step ?? 0;
  return `${runCommand(entity, project)} --fork-from ${quote(`${run.id}?_step=${step}`)} -- ${programCommand(run.metadata ?? {})}`;
}

export function rerunCommand(entity, project, run) {
  const commit = run.metadata?.git?.commit;
  const checkout = commit ? `git checkout ${quote(commit)} && ` : "";
  return `${checkout}${runCommand(entity, project)} -- ${programCommand(run.metadata ?? {})}`;
}

export function artifactCommand(entity, project, collection, version) {
  return `wandb artifact get ${quote(`${entity}/${project}/${collection}:${version}`)}`;
}

export function agentCommand(entity, project, sweep) {
  return `wandb agent ${quote(`${entity}/${project}/${sweep}`)}`;
}

export function commandBlock(command) {
  return h("div", { class: "command" }, h("code", {}, command), copyButton("Copy", () => command));
}

function runCommand(entity, project) {
  return `wandb-rs run --entity ${quote(entity)} --project ${quote(project)}`;
}

/** Names come from others: an unquoted one could run a command of its own when pasted into a shell. */
function quote(word) {
  const text = String(word);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
