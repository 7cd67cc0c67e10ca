// Modal dialogs on the native `<dialog>` (which keeps the focus inside and closes on Escape), and short notices.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * Opens a dialog and returns its element; it leaves the document when closed.
 * `onclose` is called however it was closed.
 */
export function openDialog({ title, body, actions = [], wide = false, onclose }) {
  const close = h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"));
  const dialog = h("dialog", { class: wide ? "wide" : "", "aria-label": title },
    h("header", { class: "dialog-head" }, h("h2", {}, title), close),
    h("div", { class: "dialog-body" }, body),
    actions.length > 0 && h("footer", { class: "dialog-foot" }, actions));
  dialog.addEventListener("close", () => {
    onclose?.();
    dialog.remove();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks before something that cannot be undone; resolves to true only when the reader agreed. */
export function confirmDialog({ title, text, action }) {
  return new Promise((resolve) => {
    let agreed = false;
    const agree = () => {
      agreed = true;
      dialog.close();
    };
    const dialog = openDialog({
      title,
      body: h("p", {}, text),
      actions: [
        h("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "button", class: "danger", onclick: agree }, action),
      ],
      onclose: () => resolve(agreed),
    });
  });
}

/** A notice that goes away by itself; screen readers hear it. */
export function toast(text) {
  const notice = h("div", { class: "toast" }, text);
  document.getElementById("toasts").append(notice);
  setTimeout(() => notice.remove(), 6000);
}
