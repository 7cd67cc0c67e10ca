// A button that opens a short list of commands.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** `items` is a list of `{text, run}`. */
export function menuButton(label, iconName, items) {
  const button = h("button", {
    type: "button",
    class: "icon-button",
    "aria-label": label,
    title: label,
    "aria-haspopup": "menu",
    "aria-expanded": "false",
  }, icon(iconName));
  const commands = items.map(({ text, run }) => h("button", { type: "button", role: "menuitem", onclick: () => finish(run) }, text));
  const list = h("div", { class: "menu-list", role: "menu", hidden: true, onkeydown: moveInList }, commands);
  const root = h("div", { class: "menu" }, button, list);

  const close = () => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", closeIfOutside);
  };
  const closeIfOutside = (event) => root.contains(event.target) || close();
  const finish = (run) => {
    close();
    button.focus();
    run();
  };

  button.addEventListener("click", () => {
    if (!list.hidden) return close();
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", closeIfOutside);
    commands[0].focus();
  });

  function moveInList(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) commands.at((commands.indexOf(document.activeElement) + step) % commands.length).focus();
    else if (event.key === "Escape") finish(() => {});
    else if (event.key === "Tab") return close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return root;
}
