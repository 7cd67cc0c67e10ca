// Text that turns into a form when the reader asks to edit it, and back when it is saved.

import { clear, errorBox, h } from "./dom.js";

/**
 * `show(text)` makes the node that displays the text; `save(text)` stores it and rejects when that failed.
 * Returns `{element, set(text)}`; `set` waits while the reader is editing, so that nothing typed is lost.
 */
export function editable({ label, text, show, save, multiline = false, readonly = false }) {
  const element = h("div", { class: multiline ? "editable editable-block" : "editable" });
  let editing = false;

  function display() {
    editing = false;
    const edit = h("button", { type: "button", class: "quiet", "aria-label": `Edit ${label}`, onclick: startEditing }, "Edit");
    clear(element).append(show(text), readonly ? "" : edit);
  }

  function startEditing() {
    editing = true;
    const box = h(multiline ? "textarea" : "input", { value: text, rows: multiline ? 6 : null, "aria-label": label, onkeydown: onKey });
    const problem = h("div", {});
    const form = h("form", { class: "editable-form", onsubmit: submit },
      box,
      h("button", { type: "submit", class: "primary" }, "Save"),
      h("button", { type: "button", class: "quiet", onclick: stopEditing }, "Cancel"),
      problem);
    clear(element).append(form);
    box.focus();
    box.select();

    async function submit(event) {
      event.preventDefault();
      try {
        await save(box.value);
        text = box.value;
        stopEditing();
      } catch (error) {
        clear(problem).append(errorBox(error));
      }
    }

    function onKey(event) {
      if (event.key === "Escape") stopEditing();
      else if (multiline && event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    }
  }

  function stopEditing() {
    display();
    element.querySelector("button")?.focus();
  }

  display();
  return {
    element,
    set(newText) {
      if (editing || newText === text) return;
      text = newText;
      display();
    },
  };
}
