// The head of a run's page: name, state, tags, and when it ran.

import { patch } from "./api.js";
import { clear, h, link } from "./dom.js";
import { toast } from "./dialog.js";
import { editable } from "./editable.js";
import { duration, stateBadge, timeElement } from "./format.js";
import { runColor } from "./palette.js";

/** Returns `{element, update()}`; `update` shows `context.run` as it is by then. */
export function runHeader(context) {
  const title = editable({
    label: "name",
    text: context.run.name,
    readonly: context.readonly,
    show: (name) => h("h1", {}, h("span", { class: "run-dot", style: { background: runColor(context.run.id) } }), name),
    save: (name) => change(context, { name }),
  });
  const facts = h("p", { class: "run-facts" });
  const tags = h("div", { class: "tags" });

  function update() {
    const { name, state, created, runtime, user } = context.run;
    title.set(name);
    clear(facts).append(stateBadge(state), h("span", {}, duration(runtime)), h("span", {}, "started ", timeElement(created), user ? ` by ${user}` : ""));
    // Redrawing would take the text from a reader who is typing a new tag.
    if (!tags.contains(document.activeElement)) drawTags();
  }

  function drawTags() {
    const hadFocus = tags.contains(document.activeElement);
    clear(tags).append(...tagRow(context, drawTags));
    if (hadFocus) tags.querySelector("input")?.focus();
  }

  update();
  return { element: h("header", { class: "run-head" }, title.element, facts, tags), update };
}

function tagRow(context, redraw) {
  const { readonly, run, projectPage } = context;
  const save = async (tags) => {
    await change(context, { tags }).catch((error) => toast(error.message));
    redraw();
  };
  const chips = run.tags.map((tag) => h("span", { class: "chip tag" },
    link(`${projectPage("table")}?filter=${encodeURIComponent(`${JSON.stringify(tag)} in tags`)}`, tag),
    !readonly && h("button", {
      type: "button",
      class: "tag-remove",
      "aria-label": `Remove the tag ${tag}`,
      onclick: () => save(run.tags.filter((other) => other !== tag)),
    }, "×")));
  return readonly ? chips : [...chips, addTagForm(run.tags, save)];
}

function addTagForm(tags, save) {
  const box = h("input", { class: "tag-new", placeholder: "Add a tag", "aria-label": "Add a tag", maxLength: 64 });
  const add = (event) => {
    event.preventDefault();
    const tag = box.value.trim();
    if (tag && !tags.includes(tag)) save([...tags, tag]);
  };
  return h("form", { onsubmit: add }, box);
}

/** Stores changed fields of the run and takes over what the server made of them. */
export async function change(context, fields) {
  const row = await patch(context.api(), fields);
  Object.assign(context.run, row);
}
