// What can be done with the runs that are ticked in the table.

import { pagePath, path, post } from "./api.js";
import { confirmDialog, openDialog, toast } from "./dialog.js";
import { h, redraw } from "./dom.js";
import { count } from "./format.js";
import { navigate } from "./router.js";

/** Draws the bar for the ticked runs into `bar`; `selected` is a set of ids, `onchange()` is called after it or the runs changed. */
export function drawBulkBar(bar, { entity, project, readonly, selected, onchange }) {
  const ids = [...selected];
  const button = (text, onclick, attributes) => h("button", { type: "button", onclick, ...attributes }, text);
  const deselect = () => {
    selected.clear();
    onchange();
  };
  const remove = async () => {
    if (!(await confirmDelete(ids.length))) return;
    await attempt(async () => {
      const { deleted } = await post(path("p", entity, project, "delete"), { runs: ids });
      toast(`${count(deleted, "run")} deleted.`);
      deselect();
    });
  };

  bar.hidden = ids.length === 0;
  redraw(bar,
    h("span", { "aria-live": "polite" }, `${count(ids.length, "run")} selected`),
    button("Compare", () => navigate(`${pagePath(entity, project, "compare")}?runs=${ids.map(encodeURIComponent).join(",")}`), { disabled: ids.length < 2 }),
    !readonly && button("Tag…", () => openTagDialog({ entity, project, ids, onchange })),
    !readonly && button("Delete…", remove, { class: "danger" }),
    button("Clear", deselect, { class: "quiet" }));
}

function confirmDelete(amount) {
  return confirmDialog({
    title: `Delete ${count(amount, "run")}?`,
    text: "Their metrics, logs and files are removed from the server. This cannot be undone.",
    action: "Delete",
  });
}

function openTagDialog({ entity, project, ids, onchange }) {
  const add = h("input", { type: "text", id: "tags-add", autocomplete: "off", autofocus: true });
  const remove = h("input", { type: "text", id: "tags-remove", autocomplete: "off" });
  const apply = async (event) => {
    event.preventDefault();
    await attempt(async () => {
      const { changed } = await post(path("p", entity, project, "tag"), { runs: ids, add: splitTags(add.value), remove: splitTags(remove.value) });
      dialog.close();
      toast(`Tags of ${count(changed, "run")} changed.`);
      onchange();
    });
  };
  const form = h("form", { id: "tag-form", class: "stacked", onsubmit: apply },
    h("label", { htmlFor: "tags-add" }, "Add tags, separated by commas"), add,
    h("label", { htmlFor: "tags-remove" }, "Remove tags"), remove);
  const dialog = openDialog({
    title: `Tag ${count(ids.length, "run")}`,
    body: form,
    actions: [h("button", { type: "submit", class: "primary", form: "tag-form" }, "Apply")],
  });
}

function splitTags(text) {
  return text.split(",").map((tag) => tag.trim()).filter(Boolean);
}

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    toast(error.message);
  }
}
